#!/bin/sh
# Temperatures, limits and alarms, and what the watchdogs say.
set -u
echo "== temperatures"
for chip in /sys/class/hwmon/hwmon*; do
  [ -d "$chip" ] || continue
  echo "$(cat "$chip/name"): $(cd "$chip" && grep -s . temp*_input temp*_max temp*_crit temp*_alarm | tr '\n' ' ')"
done
echo "== policy"
cat /usr/share/kestrel/thermal.json
echo "== watchdogs"
for dog in /sys/class/watchdog/watchdog*; do
  [ -d "$dog" ] || continue
  echo "$(cat "$dog/identity"): $(cd "$dog" && grep -s . timeout timeleft state bootstatus nowayout | tr '\n' ' ')"
done
