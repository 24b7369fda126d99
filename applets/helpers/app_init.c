/* Process 1 of application containers: starts the entry point, passes signals on to it, reaps what is left over, ends with it.
 * Freestanding, so that it is a few KiB: it stands in every such container as a file of its own, and holds next to no memory there.
 * Usage: app_init STOP_SIGNAL PROGRAM [ARGUMENT]...    (signal(7), pid_namespaces(7))
 * Words of the command may hold %XX for any character; "%" alone is the empty word. */
#include <asm/unistd.h>

typedef long word;

#if defined(__x86_64__)
static word call(word number, word a, word b, word c, word d, word e) {
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = e;
  word result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call begin\n");
#elif defined(__aarch64__)
static word call(word number, word a, word b, word c, word d, word e) {
  register word x8 __asm__("x8") = number;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
}
__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  and sp, x0, #-16\n  bl begin\n");
#else
#error "app_init.c needs the system call convention of this processor"
#endif

enum { kSigKill = 9, kSigAlarm = 14, kSigTerm = 15, kSigChild = 17, kSigPower = 30, kSigHalt = 37 /* SIGRTMIN+3 of glibc */, kSigPowerOff = 38 };
enum { kBlock = 0, kUnblock = 1, kNoHang = 1, kTerminalControl = 0x540E /* TIOCSCTTY */, kNotFound = 2, kNoAccess = 13, kMaxPath = 4096 };
/* How long the entry point may take to end after it was asked to, in seconds, before everything is killed. */
enum { kPatience = 10 };

static const char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static word length(const char* text) {
  word n = 0;
  while (text[n]) n++;
  return n;
}

static void say(const char* text) { call(__NR_write, 2, (word)text, length(text), 0, 0); }

static void leave(int code) {
  for (;;) call(__NR_exit_group, code, 0, 0, 0, 0);
}

static const char* search_path(char** environment) {
  for (; *environment; environment++) {
    const char* e = *environment;
    if (e[0] == 'P' && e[1] == 'A' && e[2] == 'T' && e[3] == 'H' && e[4] == '=') return e + 5;
  }
  return kDefaultPath;
}

/* As execvp(3). Returns the error of the last try, or of one that found something that can't be run. */
static word run(char** arguments, char** environment) {
  const char* name = arguments[0];
  word name_length = length(name), error = -kNotFound;
  for (word i = 0; i < name_length; i++)
    if (name[i] == '/') return call(__NR_execve, (word)name, (word)arguments, (word)environment, 0, 0);
  char buffer[kMaxPath];
  for (const char* folder = search_path(environment);;) {
    word size = 0;
    while (folder[size] && folder[size] != ':') size++;
    if (size + name_length + 2 <= kMaxPath) {
      word at = 0;
      for (; at < size; at++) buffer[at] = folder[at];
      if (size) buffer[at++] = '/';
      for (word i = 0; i <= name_length; i++) buffer[at + i] = name[i];
      word result = call(__NR_execve, (word)buffer, (word)arguments, (word)environment, 0, 0);
      if (result != -kNotFound) error = result;
    }
    if (!folder[size]) return error;
    folder += size + 1;
  }
}

static void child(char** arguments, char** environment, const unsigned long* all) {
  call(__NR_rt_sigprocmask, kUnblock, (word)all, 0, sizeof *all, 0);
  call(__NR_setsid, 0, 0, 0, 0, 0);
  call(__NR_ioctl, 0, kTerminalControl, 0, 0, 0); /* fails where standard input is no terminal, which is fine */
  word error = run(arguments, environment);
  say("Failed to run the entry point ");
  say(arguments[0]);
  say(error == -kNotFound ? ": not found\n" : error == -kNoAccess ? ": permission denied\n" : ": it cannot be executed\n");
  leave(error == -kNotFound ? 127 : 126);
}

static int number(const char* text) {
  int n = 0;
  for (; *text >= '0' && *text <= '9' && n < 100; text++) n = n * 10 + (*text - '0');
  return n > 0 && n <= 64 ? n : kSigTerm;
}

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* Takes the escapes of a word back, in place. */
static void unescape(char* word) {
  char* to = word;
  for (const char* from = word; *from;) {
    if (*from != '%') {
      *to++ = *from++;
    } else if (digit(from[1]) >= 0 && digit(from[2]) >= 0) {
      *to++ = (char)(digit(from[1]) * 16 + digit(from[2]));
      from += 3;
    } else {
      from++;
    }
  }
  *to = 0;
}

/* Reaps all that ended; leaves with the entry point, which ends the container. */
static void reap(word entry_point) {
  int status;
  for (;;) {
    word ended = call(__NR_wait4, -1, (word)&status, kNoHang, 0, 0);
    if (ended <= 0) return;
    if (ended == entry_point) leave((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
  }
}

__attribute__((noreturn, used)) void begin(word* stack) {
  word count = stack[0];
  char** arguments = (char**)(stack + 1);
  char** environment = arguments + count + 1;
  unsigned long all = ~0ul;
  int stopping = 0;
  if (count < 3) {
    say("Usage: app_init STOP_SIGNAL PROGRAM [ARGUMENT]...\n");
    leave(2);
  }
  for (char** word = arguments + 2; *word; word++) unescape(*word);
  call(__NR_rt_sigprocmask, kBlock, (word)&all, 0, sizeof all, 0);
  word entry_point = call(__NR_clone, kSigChild, 0, 0, 0, 0);
  if (entry_point == 0) child(arguments + 2, environment, &all);
  if (entry_point < 0) leave(125);
  for (;;) {
    word signal = call(__NR_rt_sigtimedwait, (word)&all, 0, 0, sizeof all, 0);
    if (signal == kSigChild) {
      reap(entry_point);
    } else if (signal == kSigPower || signal == kSigTerm || signal == kSigHalt || signal == kSigPowerOff) {
      long timer[4] = {0, 0, kPatience, 0};
      if (!stopping) call(__NR_setitimer, 0, (word)timer, 0, 0, 0);
      stopping = 1;
      call(__NR_kill, entry_point, number(arguments[1]), 0, 0, 0);
    } else if (signal == kSigAlarm && stopping) {
      call(__NR_kill, -1, kSigKill, 0, 0, 0);
    } else if (signal > 0) {
      call(__NR_kill, entry_point, signal, 0, 0, 0);
    }
  }
}
