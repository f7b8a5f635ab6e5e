/* Native code from a C compiler: a handler and a process for a timer. */
typedef unsigned word;
extern void hardtalk_wait(void *semaphore);
extern void hardtalk_signal_smalltalk(word slot);

static word calls;                      /* .bss */
static word table[4] = {1, 2, 3, 4};    /* .data */
static const word weights[4] = {10, 20, 30, 40};

static __attribute__((noinline)) word weight(word index) { return weights[index & 3]; }

/* block: device, slot, interrupts, calls, weight */
void lamp_interrupt(volatile word *block)
{
    block[2]++;
    calls += table[block[2] & 3];
    block[3] = calls;
    block[4] = weight(block[2]);
    *(volatile word *)(block[0] + 0x0c) = 0;
    hardtalk_signal_smalltalk(block[1]);
}

/* block: semaphore, sum */
void lamp_process(volatile word *block)
{
    for (word i = 1; i <= 5; i++) {
        hardtalk_wait((void *)block[0]);
        block[1] += i * i;
    }
}
