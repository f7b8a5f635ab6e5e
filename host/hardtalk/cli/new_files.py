"""The text of a new driver's files: `$Name` is its class, `$NAME` its peripheral, `$name` what its files are called."""

from typing import Final

SVD: Final = """<?xml version="1.0" encoding="utf-8"?>
<device>
  <peripherals>
    <peripheral>
      <name>$NAME</name>
      <description>a value every millisecond, one interrupt a value</description>
      <baseAddress>$address</baseAddress>
      <addressBlock><offset>0</offset><size>0x1000</size></addressBlock>
      <interrupt><name>$NAME</name><value>$line</value></interrupt>
      <lineFollows>STATUS.READY</lineFollows>
      <registers>
        <register>
          <name>CONTROL</name><addressOffset>0</addressOffset>
          <description>what it does</description>
          <fields><field>
            <name>ENABLE</name><description>it counts</description>
            <bitOffset>0</bitOffset><bitWidth>1</bitWidth>
          </field></fields>
        </register>
        <register>
          <name>STATUS</name><addressOffset>4</addressOffset>
          <description>what there is</description>
          <fields><field>
            <name>READY</name><description>a value that nobody has taken</description>
            <bitOffset>0</bitOffset><bitWidth>1</bitWidth>
          </field></fields>
        </register>
        <register>
          <name>VALUE</name><addressOffset>8</addressOffset>
          <description>the latest value</description><access>read-only</access>
        </register>
      </registers>
    </peripheral>
  </peripherals>
</device>
"""

DEVICE: Final = '''"""It counts: a value every millisecond while it is enabled, once the last was taken."""

from hardtalk.devices import Device, milliseconds


class $Name(Device):
    svd = "$name.svd"

    def reset(self) -> None:
        self.count = 0
        self.clock.every(milliseconds(1), self.sample)

    def sample(self) -> None:
        if self.CONTROL.ENABLE and not self.STATUS.READY:
            self.count += 1
            self.VALUE.value = self.count
            self.STATUS.READY = 1  # the line follows STATUS.READY: the SVD says so
'''

DRIVER: Final = """"I drive a $NAME: one interrupt a value. Values wait in my queue.

values\tHandlerQueue of what was read"
Class {
\t#name : #$Name,
\t#superclass : #Device,
\t#instVars : [
\t\t'values'
\t],
\t#category : #'$Name'
}

{ #category : #hardware }
$Name class >> peripheral [
\t^ #$NAME
]

{ #category : #interrupts }
$Name >> enable [
\tvalues := HandlerQueue new.
\tregisters status ready: false.
\tregisters control enable: true
]

{ #category : #interrupts }
$Name >> disable [
\tregisters control enable: false
]

{ #category : #interrupts }
$Name >> handleInterrupt [
\t"Clear the interrupt, or the line stays high and I am called again."
\tvalues nextPut: registers value.
\tregisters status ready: false
]

{ #category : #reading }
$Name >> next [
\t"Answer the next value, waiting for it."
\t^ values next
]
"""

TEST: Final = """"I test $Name on the board with the simulated device of $name.py."
Class {
\t#name : #${Name}Test,
\t#superclass : #TestCase,
\t#category : #'$Name'
}

{ #category : #tests }
${Name}Test >> testValuesArriveInOrder [
\t| driver |
\tdriver := $Name start.
\tself assert: driver next equals: 1.
\tself assert: driver next equals: 2
]
"""

README: Final = """# $Name

| file | what |
| --- | --- |
| `$name.svd` | the registers, their addresses and the interrupt line |
| `$name.py` | the simulated device |
| `$Name.class.st` | the driver |
| `${Name}Test.class.st` | its tests, run on the board |

```
hardtalk test . --svd $name.svd --device $name.py                       # the tests; --coverage shows what they reach
hardtalk repl --driver . --svd $name.svd --device $name.py              # talk to the board: $Name start next
hardtalk latency --driver . --svd $name.svd --device $name.py --line $NAME
hardtalk bound --driver . --svd $name.svd                               # what is proven of the handler
```
"""

FILES: Final = {
    "$name.svd": SVD,
    "$name.py": DEVICE,
    "$Name.class.st": DRIVER,
    "${Name}Test.class.st": TEST,
    "README.md": README,
}
