/* Reset: from the first instruction to the threaded Slang routine startVirtualMachine.

   The loader (QEMU -kernel, the emulated board, a debugger) puts the ELF in RAM and enters here with
   interrupts masked. Nothing else is assumed but that the image is as it was loaded: checkImage refuses
   any other, so a machine that has run does not start again by accident.
   The order matters. Stacks before anything that could fault; memory cleared before the caches are
   on, so that no line of it is dirty; caches before VFP and the console, which need nothing. */

startMachine:
    msr     cpsr_c, #0xd3                   /* supervisor, IRQ and FIQ masked */

    ldr     r0, =vectors                    /* 8 vectors and their 8 addresses to address 0 */
    mov     r1, #0
    ldmia   r0!, {r2-r9}
    stmia   r1!, {r2-r9}
    ldmia   r0!, {r2-r9}
    stmia   r1!, {r2-r9}

    msr     cpsr_c, #0xd1                   /* a stack for each mode, all exceptions masked */
    ldr     sp, =fiqStackTop
    msr     cpsr_c, #0xd2
    ldr     sp, =irqStackTop
    msr     cpsr_c, #0xd3
    ldr     sp, =supervisorStackTop
    msr     cpsr_c, #0xd7
    ldr     sp, =abortStackTop
    msr     cpsr_c, #0xdb
    ldr     sp, =undefinedStackTop
    msr     cpsr_c, #0xdf                   /* the VM runs in system mode: an SVC keeps its lr */
    ldr     sp, =machineStackTop

    ldr     r0, =VIC                        /* no line may interrupt until a driver asks for it */
    mvn     r1, #0
    str     r1, [r0, #VIC_INTENCLEAR]
    str     r1, [r0, #VIC_SOFTINTCLEAR]

    bl      clearState
    ldr     r0, =interruptEntry             /* the IRQ vector itself branches: its address would be data, and missed */
    sub     r0, r0, #0x20
    mov     r0, r0, lsr #2
    orr     r0, r0, #0xea000000
    mov     r1, #0
    str     r0, [r1, #0x18]

    bl      enableCaches
    bl      lockCaches

    mov     r0, #0x40000000                 /* FPEXC.EN */
    fmxr    fpexc, r0
    mov     r0, #0                          /* IEEE 754: round to nearest, no traps, denormals kept */
    fmxr    fpscr, r0

    bl      enableConsole
    bl      checkImage

    ldr     r4, =vmState
    ldr     r8, =dispatchTable
    ldr     pc, =startVirtualMachine

/* clearState: zeroes the .state section (VM state, method cache, stub's words; not the stacks).
   Both limits are multiples of 32. Uses r0-r9. */
clearState:
    ldr     r0, =stateStart
    ldr     r1, =stateEnd
    mov     r2, #0
    mov     r3, #0
    mov     r4, #0
    mov     r5, #0
    mov     r6, #0
    mov     r7, #0
    mov     r8, #0
    mov     r9, #0
clearNext:
    cmp     r0, r1
    stmiacc r0!, {r2-r9}
    bcc     clearNext                       /* <bound: (stateEnd - stateStart) / 32> */
    bx      lr

/* enableCaches: instruction and data cache and write buffer on. The data cache works only under
   the MMU, so the linker's flat table of 1 MB sections is used: every address maps to itself, RAM
   is cacheable write-back, everything else is neither cached nor buffered. Nothing faults in
   translation: an address without a device is the bus's to refuse. Uses r0, r1. */
enableCaches:
    mov     r0, #0x7                        /* way 3 alone takes lines until lockCaches has filled the others */
    mcr     p15, 0, r0, c9, c0, 0
    mcr     p15, 0, r0, c9, c0, 1
    mov     r0, #0
    mcr     p15, 0, r0, c7, c7, 0           /* invalidate both caches */
    mcr     p15, 0, r0, c8, c7, 0           /* invalidate the TLB */
    mcr     p15, 0, r0, c7, c10, 4          /* drain the write buffer */
    ldr     r0, =pageTable
    mcr     p15, 0, r0, c2, c0, 0           /* translation table base */
    mov     r0, #1
    mcr     p15, 0, r0, c3, c0, 0           /* domain 0: client, as the table's access bits say */
    mrc     p15, 0, r0, c1, c0, 0
    orr     r0, r0, #0x1000                 /* I: instruction cache */
    orr     r0, r0, #0x0005                 /* M: MMU, C: data cache */
    mcr     p15, 0, r0, c1, c0, 0
    mov     r0, r0                          /* the pipeline's instructions are mapped to themselves */
    bx      lr

/* lockCaches: what an interrupt needs of the stub, the VM and its tables is loaded into ways 0 and 1 of both caches, in
   which no line is replaced from then on (ARM DDI 0198D, section 2.3.10). Ways 2 and 3 stay for everything else.
   In a way each set has one line: the linker's table lockedLines has the addresses of the lines of code for way 0, then
   those for way 1; the data are two ways' size from lockedDataStart. This routine fetches its own lines first, into
   way 3: each line that is fetched while way 0 or 1 is open would take a place there. Uses r0-r6. */
lockCaches:
    ldr     r0, =lockedLines
    ldr     r2, =lockedDataStart
    ldr     r3, =lockCachesEnd
    ldr     r4, =lockCaches
fetchOwnLines:
    mcr     p15, 0, r4, c7, c13, 1
    add     r4, r4, #32
    cmp     r4, r3
    bcc     fetchOwnLines                   /* <bound: (lockCachesEnd - lockCaches) / 32 + 1> */
    mov     r4, #0xe
    mcr     p15, 0, r4, c9, c0, 1
    mov     r3, #LOCKED_LINES
fetchFirstWay:
    ldr     r1, [r0], #4
    mcr     p15, 0, r1, c7, c13, 1
    subs    r3, r3, #1
    bne     fetchFirstWay                   /* <bound: LOCKED_LINES> */
    mov     r4, #0xd
    mcr     p15, 0, r4, c9, c0, 1
    mov     r3, #LOCKED_LINES
fetchSecondWay:
    ldr     r1, [r0], #4
    mcr     p15, 0, r1, c7, c13, 1
    subs    r3, r3, #1
    bne     fetchSecondWay                  /* <bound: LOCKED_LINES> */
    mov     r4, #0x3
    mcr     p15, 0, r4, c9, c0, 1
    mov     r4, #0xe
    mcr     p15, 0, r4, c9, c0, 0
    mov     r6, #1
    add     r6, r2, r6, lsl #CACHE_WAY_SHIFT
loadFirstWay:
    ldr     r5, [r2], #32
    cmp     r2, r6
    bcc     loadFirstWay                    /* <bound: (1 << CACHE_WAY_SHIFT) / 32> */
    mov     r4, #0xd
    mcr     p15, 0, r4, c9, c0, 0
    mov     r6, #1
    add     r6, r2, r6, lsl #CACHE_WAY_SHIFT
loadSecondWay:
    ldr     r5, [r2], #32
    cmp     r2, r6
    bcc     loadSecondWay                   /* <bound: (1 << CACHE_WAY_SHIFT) / 32> */
    mov     r4, #0x3
    mcr     p15, 0, r4, c9, c0, 0
    bx      lr
lockCachesEnd:
    .ltorg

vectors:
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    ldr     pc, [pc, #24]
    .word   startMachine
    .word   undefinedEntry
    .word   softwareInterruptEntry
    .word   prefetchAbortEntry
    .word   dataAbortEntry
    .word   startMachine
    .word   interruptEntry
    .word   fastInterruptEntry
    .ltorg
