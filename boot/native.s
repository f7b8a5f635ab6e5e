/* Native code: handlers that run at any instruction, and the switch between native processes and the VM.

   A handler runs in supervisor mode on the stack of that mode, with IRQs on: a line of higher priority interrupts it. The
   lines of the same or lower priority, and all Smalltalk lines, are held back in the VIC meanwhile. Its frame on the IRQ
   stack, 32 bytes: held lines, spsr, r12, return address, r0-r3.

   A native process runs in system mode on its own stack, as the VM does on its. All registers of one that does not run
   are in its record (hardtalk.vm.native); the VM has a record too. Which one runs next, NativeScheduler decides. */

/* nativeInterrupt: from interruptEntry, r0 VIC, r1 the lines, r2 vmState, {r0-r3} on the stack. Calls the handler of the
   highest line that has one, r0 its argument, r4 vmState; AAPCS, no VFP. Then goes on in what was interrupted, or, after
   the outermost handler, in what became more urgent. Without such a line: linesForSmalltalk. */
nativeInterrupt:
    sub     lr, lr, #4
    stmdb   sp!, {r12, lr}
    mrs     r12, spsr
    ldr     r3, [r2, #nativeLines]
    ands    r3, r3, r1
    beq     linesForSmalltalk
    clz     r3, r3
    rsb     r3, r3, #31
    add     lr, r2, #LINE_TABLE_DISTANCE
    add     lr, lr, r3, lsl #NativeLineShift
    ldr     r1, [r0, #VIC_INTENABLE]
    ldr     r3, [lr, #NativeLineHeldOffset]
    and     r1, r1, r3
    str     r1, [r0, #VIC_INTENCLEAR]
    stmdb   sp!, {r1, r12}
    mvn     r1, #0
    str     r1, [r2, #divertedLines]
    ldr     r1, [r2, #nativeDepth]
    add     r1, r1, #1
    str     r1, [r2, #nativeDepth]
    mov     r3, lr
    ldr     r0, [r3, #NativeLineArgumentOffset]
    ldr     r12, [r3, #NativeLineHandlerOffset]
    msr     cpsr_c, #0x53                   /* supervisor, IRQs on; lr of that mode is an outer handler's */
    stmdb   sp!, {r3, r4, r12, lr}
    mov     r4, r2
    blx     r12                             /* <calls: handlers> */
    ldmia   sp!, {r3, r4, r12, lr}
    msr     cpsr_c, #0xd2
    mov     r2, #vmState
    mov     r0, #VIC_HIGH
    orr     r0, r0, #VIC_LOW
    ldmia   sp!, {r1, r12}
    msr     spsr_cxsf, r12
    ldr     r12, [r3, #NativeLineCountOffset]
    add     r12, r12, #1
    str     r12, [r3, #NativeLineCountOffset]
    ldr     r12, [r0, #VIC_RAWINTR]
    ldr     lr, [r3, #NativeLineBitOffset]
    tst     r12, lr
    mov     r12, #0
    bne     lineStillRaised
handlerDone:
    str     r12, [r3, #NativeLineRepeatsOffset]
    str     r1, [r0, #VIC_INTENABLE]
    ldr     r3, [r2, #nativeDepth]
    subs    r3, r3, #1
    str     r3, [r2, #nativeDepth]
    bne     leaveHandler
    ldr     r3, [r2, #nativeRequests]
    cmp     r3, #0
    bne     nativeRequested
    ldr     r3, [r2, #divertedAtRest]
    str     r3, [r2, #divertedLines]
leaveHandler:
    ldmia   sp!, {r12, lr}
    ldmia   sp!, {r0-r3}
    movs    pc, lr

/* After a handler that did not lower its line: another event came meanwhile, or a storm when that goes on. A storming
   line is not unmasked; it is left pending for Smalltalk, where the device reports it. */
lineStillRaised:
    ldr     r12, [r3, #NativeLineRepeatsOffset]
    add     r12, r12, #1
    ldr     lr, [r3, #NativeLineStormLimitOffset]
    cmp     r12, lr
    bcc     handlerDone
    ldr     lr, [r3, #NativeLineBitOffset]
    bic     r1, r1, lr
    ldr     r12, [r2, #pendingLines]
    orr     r12, r12, lr
    str     r12, [r2, #pendingLines]
    ldr     r12, [r3, #NativeLineStormsOffset]
    add     r12, r12, #1
    str     r12, [r3, #NativeLineStormsOffset]
    ldr     r12, [r2, #nativeStorms]
    add     r12, r12, #1
    str     r12, [r2, #nativeStorms]
    ldr     r12, [r2, #nativeRequests]
    orr     r12, r12, #NativeAttention
    str     r12, [r2, #nativeRequests]
    mov     r12, #0
    b       handlerDone

/* After the outermost handler, r3 nativeRequests. The usual one, that the interrupted VM attend to a signalled Smalltalk
   semaphore, is a change of r8; everything else is left to NativeScheduler. */
nativeRequested:
    cmp     r3, #NativeAttention
    bne     switchFromInterrupt
    ldr     r3, [r2, #divertedAtRest]
    cmn     r3, #1
    beq     switchFromInterrupt
    str     r3, [r2, #divertedLines]
    mov     r3, #0
    str     r3, [r2, #nativeRequests]
    sub     r8, r2, #INTERRUPT_TABLE_DISTANCE
    b       leaveHandler

/* linesForSmalltalk: a native process was interrupted by Smalltalk lines r1 only. They wait for the VM, which goes on
   at once if the waiting Smalltalk process is the more urgent one. What switchFromInterrupt lets in is left to it.
   r12 spsr, {r12, return address, r0-r3} on the stack. */
linesForSmalltalk:
    str     r1, [r0, #VIC_INTENCLEAR]
    ldr     r3, [r2, #pendingLines]
    orr     r3, r3, r1
    str     r3, [r2, #pendingLines]
    ldr     r3, [r2, #interruptCount]
    add     r3, r3, #1
    str     r3, [r2, #interruptCount]
    ldr     r3, [r2, #nativeDepth]
    cmp     r3, #0
    bne     leaveHandler

/* switchFromInterrupt: IRQ mode, r2 vmState, spsr and the frame {r12, return address, r0-r3} of the interrupted VM or
   native process, which is put away in its record. Then interrupts that wait are taken, in IRQ mode, in which lr and
   spsr are nobody's now; to their handlers this is an outer one, so none of them switches. */
switchFromInterrupt:
    ldr     r3, [r2, #nativeRunning]
    add     r0, r3, #16                     /* r4 of the record */
    stmia   r0, {r4-r11}
    mrs     r0, spsr
    str     r0, [r3, #NativeProcessStatusOffset]
    ldmia   sp!, {r0, r1}
    str     r0, [r3, #48]                   /* r12 of the record */
    str     r1, [r3, #NativeProcessPlaceOffset]
    ldmia   sp!, {r4-r7}
    stmia   r3, {r4-r7}
    add     r0, r3, #NativeProcessStackOffset
    stmia   r0, {sp, lr}^
    mov     r1, #1                          /* no banked register right after a user-bank transfer */
    str     r1, [r2, #nativeDepth]
    mov     r4, r2
    msr     cpsr_c, #0x52
    mov     r1, #0
    msr     cpsr_c, #0xd2
    str     r1, [r2, #nativeDepth]
    ldr     r12, =scheduleAfterInterrupt     /* Keystone would take the name for a distance */
    blx     r12                             /* <calls: scheduleAfterInterrupt> */
    b       resumeNative

/* switchNative: r0 the record to go on with; system mode, IRQs masked, r4 vmState. Puts the caller away and comes back,
   with IRQs on, when it is gone on with. AAPCS to the caller. */
switchNative:
    ldr     r1, [r4, #nativeRunning]
    str     r0, [r4, #nativeRunning]
    add     r2, r1, #16
    stmia   r2, {r4-r12}
    str     sp, [r1, #NativeProcessStackOffset]
    str     lr, [r1, #NativeProcessLinkOffset]
    str     lr, [r1, #NativeProcessPlaceOffset]
    mrs     r3, cpsr
    bic     r3, r3, #0x80
    str     r3, [r1, #NativeProcessStatusOffset]

/* resumeNative: r0 the record whose registers are to be loaded; IRQs masked. Does not come back. */
resumeNative:
    msr     cpsr_c, #0xd2
    mov     lr, r0
    ldr     r1, [lr, #NativeProcessStatusOffset]
    msr     spsr_cxsf, r1
    ldmia   lr, {r0-r12, sp, lr}^
    mov     r0, r0
    ldr     lr, [lr, #NativeProcessPlaceOffset]
    movs    pc, lr

/* saveFloats, loadFloats: r0 a record; d0-d15 and fpscr to it and from it. Use r1. */
saveFloats:
    add     r0, r0, #NativeProcessFloatsOffset
    fstmiad r0!, {d0-d15}
    fmrx    r1, fpscr
    str     r1, [r0]
    bx      lr

loadFloats:
    add     r0, r0, #NativeProcessFloatsOffset
    fldmiad r0!, {d0-d15}
    ldr     r1, [r0]
    fmxr    fpscr, r1
    bx      lr

/* takeNativeSignals: as takePendingLines, of another word: no look at interrupts. */
takeNativeSignals:
    mov     r2, r0
    mov     r1, #0
    swp     r0, r1, [r2]
    bx      lr
    .ltorg

/* What native code from outside calls, with a C function's registers: the routines of NativeScheduler want vmState in r4.
   void hardtalk_signal(semaphore), hardtalk_wait(semaphore), hardtalk_signal_smalltalk(slot), hardtalk_yield(),
   hardtalk_sleep(ticks), int hardtalk_put(queue, word), word hardtalk_take(queue). */
hardtalk_signal:
    ldr     r12, =signalNative_
    b       callNative
hardtalk_wait:
    ldr     r12, =waitNative_
    b       callNative
hardtalk_signal_smalltalk:
    ldr     r12, =signalSmalltalk_
    b       callNative
hardtalk_yield:
    ldr     r12, =yieldNative
    b       callNative
hardtalk_sleep:
    ldr     r12, =sleepNative_
    b       callNative
hardtalk_put:
    ldr     r12, =queue_put_
    b       callNative
hardtalk_take:
    ldr     r12, =waitFrom_
callNative:
    stmdb   sp!, {r4, lr}
    ldr     r4, =vmState
    blx     r12                             /* <calls: signalNative: waitNative: signalSmalltalk: yieldNative sleepNative: queue:put: waitFrom:> */
    ldmia   sp!, {r4, pc}
    .ltorg
