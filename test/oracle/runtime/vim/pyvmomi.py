"""Reads values as pyVmomi does and writes them again as pyVmomi does.

argv: `names` prints members that are names of types or methods, as {"Type.member": a name}; a file, which holds a JSON
array of elements, prints a JSON array of what became of them.
"""
import json
import sys

import pyVmomi  # noqa: F401
from pyVmomi import SoapAdapter
from pyVmomi import VmomiSupport as vmomi

VERSION = "vim.version.version11"
vmomi.GetVmodlType("vmodl.DynamicData")
if sys.argv[1] == "names":
    kinds = {"vmodl.TypeName": "VirtualMachine", "vmodl.MethodName": "PowerOnVM_Task"}
    print(json.dumps({
        "%s.%s" % (row[1], prop[0]): kinds[prop[1].replace("[]", "")]
        for row in vmomi._dataDefMap.values()
        for prop in row[4] or ()
        if prop[1].replace("[]", "") in kinds
    }))
else:
    spaces = {vmomi.XMLNS_XSD: "xsd", vmomi.XMLNS_XSI: "xsi", "urn:vim25": ""}
    head = '<%s xmlns="urn:vim25" xmlns:xsd="%s" xmlns:xsi="%s"' % ("val", vmomi.XMLNS_XSD, vmomi.XMLNS_XSI)
    written = []
    for element in json.load(open(sys.argv[1])):
        try:
            value = SoapAdapter.Deserialize(element.replace("<val", head, 1))
            again = SoapAdapter.SerializeToUnicode(value, version=VERSION, nsMap=dict(spaces))
            written.append(again.replace("<object", head, 1).replace("</object>", "</val>"))
        except Exception as error:  # each is a finding of the test
            written.append("refused: %s %s" % (type(error), error))
    print(json.dumps(written))
