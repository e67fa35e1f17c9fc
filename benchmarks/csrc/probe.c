/* probe: the job that every contender starts.
 *
 *     probe FILE
 *
 * Reads the wall clock before anything else, then appends it to FILE as nanoseconds since the
 * epoch, one line. Lateness is that number minus the instant at which the job was due.
 *
 * With BARE (x86-64 Linux, no C library) nothing comes between exec and the clock: the start-up
 * code of a C library asks CPUID dozens of times, and on a virtual machine each question is
 * answered by the hypervisor.
 */
#ifdef BARE

typedef unsigned long word;

static word call(word number, word a, word b, word c)
{
    word answer;
    __asm__ volatile("syscall" : "=a"(answer) : "0"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return answer;
}

struct timespec { long tv_sec, tv_nsec; };
#define NOW(at) call(228, 0, (word)(at), 0)
#define APPEND_TO(path) ((int)call(2, (word)(path), 02101, 0644)) /* O_WRONLY|O_CREAT|O_APPEND */
#define WRITE(fd, bytes, size) ((long)call(1, (word)(fd), (word)(bytes), (size)))

#else

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define NOW(at) clock_gettime(CLOCK_REALTIME, (at))
#define APPEND_TO(path) open((path), O_WRONLY | O_CREAT | O_APPEND, 0644)
#define WRITE(fd, bytes, size) write((fd), (bytes), (size))

#endif

static int probe(int count, char **words)
{
    struct timespec at;
    char line[24];
    int place = sizeof line;

    NOW(&at);
    if (count != 2)
        return 2;
    unsigned long long left = (unsigned long long)at.tv_sec * 1000000000ULL + at.tv_nsec;
    line[--place] = '\n';
    do
        line[--place] = (char)('0' + left % 10);
    while (left /= 10);
    long size = (long)sizeof line - place;
    int file = APPEND_TO(words[1]);
    return file < 0 || WRITE(file, line + place, size) != size;
}

#ifdef BARE
__attribute__((used, noreturn)) static void begin(word *stack)
{
    call(231, (word)probe((int)stack[0], (char **)(stack + 1)), 0, 0);
    __builtin_unreachable();
}

__asm__(".globl _start\n"
        "_start: xor %ebp, %ebp\n"
        "        mov %rsp, %rdi\n"
        "        and $-16, %rsp\n"
        "        call begin\n");
#else
int main(int count, char **words)
{
    return probe(count, words);
}
#endif
