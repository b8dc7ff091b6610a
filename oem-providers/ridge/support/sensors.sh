#!/bin/sh
# Prints what Ridgeline's support asks for first: model, slots, sensors, network cards. The host has busybox.
set -u

section() {
  echo "== $1"
}

# Prints NAME: VALUE for each file that is there and can be read.
values() {
  for file in "$@"; do
    value=$(cat "$file" 2>/dev/null) && echo "$file: $value"
  done
}

section model
values /sys/class/dmi/id/sys_vendor /sys/class/dmi/id/product_name /sys/class/dmi/id/bios_version

section slots
cat /usr/share/ridge/slots.txt
for device in /sys/bus/pci/devices/*; do
  echo "${device##*/} $(cat "$device/vendor") $(cat "$device/device") $(cat "$device/class")"
done

section sensors
for sensor in /sys/class/hwmon/*; do
  values "$sensor/name" "$sensor"/temp*_input "$sensor"/fan*_input "$sensor"/power*_average
done

section controller
[ -c /dev/ipmi0 ] && ipmi-sensors --driver-type=openipmi --sdr-cache-directory=/tmp --quiet-cache --output-sensor-state
cim instances Ridge_NumericSensor

section network
for card in /sys/class/net/*; do
  values "$card/address" "$card/operstate"
done
