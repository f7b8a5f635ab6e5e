'From Squeak6.0 of 5 July 2022 [latest update: #22104] on 3 May 2023 at 9:14:07 pm'!
"Change Set:		Gauges
Date:			3 May 2023
Author:			A. N. Other

A gauge says ""too much"" with a bang!!"!

Object subclass: #SqGauge
	instanceVariableNames: 'level limit'
	classVariableNames: 'Count Default'
	poolDictionaries: ''
	category: 'Gauges-Core'!

!SqGauge commentStamp: 'ano 5/3/2023 21:10' prior: 0!
I am a gauge!! My level is a number.

	limit		what is too much!

SqGauge subclass: #SqLoudGauge
	instanceVariableNames: ''
	classVariableNames: ''
	poolDictionaries: ''
	category: 'Gauges-Core'!

!SqGauge methodsFor: 'accessing' stamp: 'ano 5/3/2023 21:11' prior: 50331701!
level
	"Answer it!! Or nought."

	^ level ifNil: [level := 0]! !

!SqGauge methodsFor: 'accessing' stamp: 'ano 5/3/2023 21:11'!
level: aNumber
	level _ aNumber.
	aNumber > self limit ifTrue: [^ self shout: 'too much!!']! !

!SqGauge methodsFor: 'private' stamp: 'ano 5/3/2023 21:12'!
limit
	^ limit ifNil: [Default ifNil: [10]]! 

shout: aString
	^ aString asUppercase , $!! asString! !

!SqLoudGauge methodsFor: 'private' stamp: 'ano 5/3/2023 21:13' overrides: 50331702!
shout: aString
	^ (super shout: aString) , '!!!!'! !
"-- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- -- "!

SqGauge class
	instanceVariableNames: 'made'!

!SqGauge class methodsFor: 'instance creation' stamp: 'ano 5/3/2023 21:14'!
new
	made _ (made ifNil: [0]) + 1.
	^ super new! !

!SqGauge class methodsFor: 'class initialization' stamp: 'ano 5/3/2023 21:14'!
initialize
	"SqGauge initialize"
	Default := 20!

made
	^ made! !
]style[(4 13)f1b,f1!

!SqGauge reorganize!
('accessing' level level:)
('private' limit shout:)
!

!Integer methodsFor: '*gauges-converting' stamp: 'ano 5/3/2023 21:15'!
asGauge
	^ SqGauge new level: self; yourself! !

SqGauge initialize!
{ SqGauge new level: 3. (SqLoudGauge new level: 30). 7 asGauge level. SqGauge made. SqLoudGauge made }!
{ #(foo nil true (1 2) $a #bar: +) . #[1 2] . 2r101 . 16rFF . 1.5e2 . -3 abs . #foo:bar: . 'it''s' }!
----SNAPSHOT----#(3 May 2023 9:15:07.123 pm) gauges.image priorSource: 123!
{ thisContext isNil. thisContext sender notNil }!
