#!/usr/bin/python3
"""Writes src/runtime/vim/types.json from pyVmomi's types: /usr/bin/python3 scripts/vim-types.py > FILE

What a host of API 6.5 can send is kept: types, members, methods and parameters of vim.version.version1 to 11 and of the
versions those include. No type is typed by hand; what differs from pyVmomi's classes is what its serializer does, too:
- `msg` of MethodFault is Python's and never on the wire;
- LocalizedMethodFault is a data object beside the faults (pyVmomi makes it one of them);
- a member that is a fault holds a LocalizedMethodFault, but for LocalizedMethodFault's own;
- a member with the flag "link" holds the key of an object, which is a string.
With --measure it says what encodings of the table cost instead.
"""
import json
import subprocess
import sys
import zlib

import pyVmomi  # noqa: F401 (registers all types)
from pyVmomi import VmomiSupport as vmomi

NEWEST = 11
vmomi.GetVmodlType("vmodl.DynamicData")  # makes the faults' bases
API = ["vim.version.version%d" % number for number in range(1, NEWEST + 1)]
for older, newer in zip(API, API[1:]):
    assert vmomi.IsChildVersion(newer, older), "versions are no line: %s, %s" % (older, newer)


def since(version):
    """Index of the first API version that includes this one; None if none does."""
    for index, api in enumerate(API):
        if vmomi.IsChildVersion(api, version):
            return index
    return None


managed, data, enums = vmomi._managedDefMap, vmomi._dataDefMap, vmomi._enumDefMap
SIMPLE = {
    "void": "void", "anyType": "anyType", "string": "string", "boolean": "boolean", "byte": "byte",
    "short": "short", "int": "int", "long": "long", "float": "float", "double": "double", "Link": "string",
}
for name in ("URI", "Binary", "DateTime", "TypeName", "MethodName", "PropertyPath"):
    namespace, wsdl = vmomi.GetQualifiedWsdlName(vmomi.GetVmodlType("vmodl." + name))
    # The last three are strings on the wire.
    SIMPLE["vmodl." + name] = wsdl if namespace == vmomi.XMLNS_XSD else "string"


def kept(name):
    if name in SIMPLE or name in ("vmodl.ManagedObject", "vmodl.DataObject"):
        return True
    if name in enums:
        return since(enums[name][2]) is not None
    row = managed.get(name) or data.get(name)
    return row is not None and since(row[3]) is not None


def is_fault(name):
    while name is not None and name in data:
        if name == "vmodl.MethodFault":
            return True
        name = data[name][2]
    return False


def wire(name):
    if name in SIMPLE:
        return SIMPLE[name]
    if name == "vmodl.ManagedObject":
        return "ManagedObject"
    if name == "vmodl.DataObject":
        return "DataObject"
    return (managed.get(name) or data.get(name) or enums[name])[1]


def typed(name, link=False, bare_fault=False):
    """The name on the wire, with [] for an array."""
    array = name.endswith("[]")
    item = name[:-2] if array else name
    if not kept(item):
        raise KeyError(item)
    if link:
        text = "string"
    elif is_fault(item) and not bare_fault:
        text = "LocalizedMethodFault"
    else:
        text = wire(item)
    return text + ("[]" if array else "")


def member(row, own, bare_fault=False):
    """name[?]:type[@version][!privilege]; None if it is newer. `own` is the version of what it belongs to."""
    name, kind, version, flags = row[:4]
    privilege = row[4] if len(row) > 4 else None
    first = since(version)
    if first is None:
        return None
    text = name + ("?" if flags & vmomi.F_OPTIONAL else "") + ":"
    text += typed(kind, bool(flags & vmomi.F_LINK), bare_fault)
    if max(first, own) != own:
        text += "@%d" % first
    return text + ("!" + privilege if privilege else "")


def members(rows, own, bare_fault=False):
    return [text for text in (member(row, own, bare_fault) for row in rows or ()) if text]


def method(row, own):
    """name@version!privilege(parameters)result[?]~task's result^faults"""
    _, name, version, parameters, (flags, result, outcome), privilege, faults = row
    first = since(version)
    if first is None:
        return None
    text = name + ("@%d" % first if first > own else "") + ("!" + privilege if privilege else "")
    text += "(%s)" % ",".join(members(parameters, max(first, own)))
    text += typed(result) + ("?" if flags & vmomi.F_OPTIONAL else "")
    # What a task brings in the end; of a few pyVmomi names a type that it does not have.
    if result == "vim.Task":
        text += "~" + (typed(outcome) if kept(outcome.replace("[]", "")) else "anyType")
    known = [wire(fault) for fault in faults or () if kept(fault)]
    return text + ("^" + ",".join(known) if known else "")


def table():
    types = {}

    def add(name, text):
        assert name not in types, name
        types[name] = text

    for name, (_, wsdl, parent, version, props) in data.items():
        own = since(version)
        if own is None or name == "DataObject":
            continue
        if name == "vmodl.MethodFault":
            props = [prop for prop in props if prop[0] != "msg"]
        if name == "vmodl.LocalizedMethodFault":
            parent = "vmodl.DynamicData"
        base = "" if parent == "vmodl.DataObject" else wire(parent)
        letter = "F" if is_fault(name) and name != "vmodl.LocalizedMethodFault" else "D"
        bare = name == "vmodl.LocalizedMethodFault"
        add(wsdl, " ".join(["%s%d:%s" % (letter, own, base), *members(props, own, bare)]))
    for name, (_, wsdl, version, values) in enums.items():
        own = since(version)
        if own is not None:
            add(wsdl, " ".join(["E%d:" % own, *values]))
    for name, (_, wsdl, parent, version, props, methods) in managed.items():
        own = since(version)
        if own is None:
            continue
        base = "" if parent is None else wire(parent)
        known = [text for text in (method(row, own) for row in methods or ()) if text]
        add(wsdl, " ".join(["M%d:%s" % (own, base), *members(props, own), *known]))
    versions = [vmomi.versionIdMap[api] for api in API]
    return {"versions": versions, "types": dict(sorted(types.items()))}


def measure():
    whole = table()
    nested = {
        name: [part.replace("(", " ").split(" ") for part in text.split(" ")] for name, text in whole["types"].items()
    }
    forms = {
        "a line of text a type": json.dumps(whole, separators=(",", ":")),
        "JSON arrays for all": json.dumps(nested, separators=(",", ":")),
        "as committed": rendered(whole),
    }
    for name, text in forms.items():
        raw = text.encode()
        zstd = subprocess.run(["zstd", "-19", "-c"], input=raw, stdout=subprocess.PIPE, check=True).stdout
        print("%s: %d raw, %d deflate, %d zstd" % (name, len(raw), len(zlib.compress(raw, 9)), len(zstd)))


def rendered(whole):
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--measure"]:
        measure()
    else:
        sys.stdout.write(rendered(table()))
