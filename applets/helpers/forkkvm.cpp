// forkkvm: does KVM really run guests here? /dev/kvm may exist and yet run them by emulating one instruction after the other, or not at all
// (nested virtualization, emulated hosts). So a guest of our own goes the way every kernel goes (real mode, protected mode, paging, 64 bit),
// works in memory, reads registers of the CPU and says so. Linux: Documentation/virt/kvm/api.rst.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "applets/applet.h"
#include "base/unique_fd.h"

#ifdef __x86_64__
#include <linux/kvm.h>
#include <sys/ioctl.h>

// The guest, loaded at 0x1000; page tables are at 0x8000 (1:1, made by fill_memory()). About 3 million instructions and 1 MiB of copying:
// 5 ms on a CPU that runs it, seconds where each access is emulated.
asm(R"(
  .section .rodata.kvm_guest, "a"
kvm_guest_begin:
  .code16
  cli
  lgdtl kvm_gdt_pointer - kvm_guest_begin + 0x1000
  movl %cr0, %eax
  orl $1, %eax
  movl %eax, %cr0
  ljmpl $0x08, $(kvm_guest_32 - kvm_guest_begin + 0x1000)
  .code32
kvm_guest_32:
  movw $0x10, %ax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movl $0x7000, %esp
  movl %cr4, %eax
  orl $0x20, %eax
  movl %eax, %cr4
  movl $0x8000, %eax
  movl %eax, %cr3
  movl $0xc0000080, %ecx
  rdmsr
  orl $0x100, %eax
  wrmsr
  movl %cr0, %eax
  orl $0x80000000, %eax
  movl %eax, %cr0
  ljmpl $0x18, $(kvm_guest_64 - kvm_guest_begin + 0x1000)
  .code64
kvm_guest_64:
  movl $1000000, %ecx
1:
  addq %rcx, 0x100000
  decl %ecx
  jnz 1b
  movl $0x100000, %esi
  movl $0x200000, %edi
  movl $65536, %ecx
  rep movsq
  std
  movl $0x17fff8, %esi
  movl $0x37fff8, %edi
  movl $65536, %ecx
  rep movsq
  cld
  movl $1, %eax
  cpuid
  movl $0xc0000080, %ecx
  rdmsr
  pushq %rax
  popq %rax
  shrl $10, %eax
  andb $1, %al
  addb $0x4a, %al
  movw $0x3f8, %dx
  outb %al, %dx
  hlt
  .balign 8
kvm_gdt:
  .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff
kvm_gdt_pointer:
  .word 31
  .long kvm_gdt - kvm_guest_begin + 0x1000
kvm_guest_end:
  .previous
  .code64
)");
extern "C" const unsigned char kvm_guest_begin[], kvm_guest_end[];

namespace {

constexpr size_t kMemory = 4 << 20;
constexpr unsigned kMaxFeatures = 256;
constexpr char kSaid = 'K';  ///< 'J' + "long mode is active"
constexpr suseconds_t kProcessorTime = 700'000;  ///< µs the guest may use

int say(const char* what) {
  perror(what);
  return 1;
}

void fill_memory(unsigned char* memory) {
  memcpy(memory + 0x1000, kvm_guest_begin, static_cast<size_t>(kvm_guest_end - kvm_guest_begin));
  auto entry = [&](size_t at, uint64_t value) { memcpy(memory + at, &value, sizeof value); };
  entry(0x8000, 0x9003);
  entry(0x9000, 0xa003);
  for (uint64_t page = 0; page < kMemory >> 21; ++page) entry(0xa000 + page * 8, page << 21 | 0x83);
}

int set_registers(int kvm, int cpu) {
  // struct kvm_cpuid2 ends in an array of no size, which the kernel's headers of some releases give one in C++: the calls' numbers change with it.
  static uint32_t features[2 + kMaxFeatures * sizeof(kvm_cpuid_entry2) / sizeof(uint32_t)] = {kMaxFeatures};
  if (ioctl(kvm, _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, 8), features) != 0 || ioctl(cpu, _IOC(_IOC_WRITE, KVMIO, 0x90, 8), features) != 0)
    return say("CPU features cannot be set");
  kvm_sregs special{};
  if (ioctl(cpu, KVM_GET_SREGS, &special) != 0) return say("registers cannot be read");
  special.cs.base = special.cs.selector = special.ds.base = special.ds.selector = 0;
  kvm_regs general{};
  general.rip = 0x1000;
  general.rflags = 2;
  if (ioctl(cpu, KVM_SET_SREGS, &special) != 0 || ioctl(cpu, KVM_SET_REGS, &general) != 0) return say("registers cannot be set");
  return 0;
}

int run_guest(int cpu, const kvm_run* state) {
  // Processor time, not time: a busy host isn't a broken one. The signal ends KVM_RUN; who never gets there is killed by the caller.
  struct sigaction action{};
  action.sa_handler = [](int) {};
  sigaction(SIGPROF, &action, nullptr);
  itimerval limit{.it_interval = {0, 20'000}, .it_value = {0, kProcessorTime}};
  setitimer(ITIMER_PROF, &limit, nullptr);
  if (ioctl(cpu, KVM_RUN, 0) != 0) {
    if (errno != EINTR) return say("guest code cannot be run");
    fputs("guest code runs far too slowly: KVM is emulated on this host\n", stderr);
    return 1;
  }
  if (state->exit_reason == KVM_EXIT_IO && *(reinterpret_cast<const char*>(state) + state->io.data_offset) == kSaid) return 0;
  fprintf(stderr, "guest code did not run to its end (exit reason %u)\n", state->exit_reason);
  return 1;
}

int probe() {
  UniqueFd kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC));
  if (!kvm) return say("/dev/kvm");
  if (ioctl(kvm.get(), KVM_GET_API_VERSION, 0) != 12) return say("unknown version of KVM");
  UniqueFd machine(ioctl(kvm.get(), KVM_CREATE_VM, 0));
  if (!machine) return say("a virtual machine cannot be made");
  void* memory = mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return say("no memory");
  fill_memory(static_cast<unsigned char*>(memory));
  kvm_userspace_memory_region region{.slot = 0, .flags = 0, .guest_phys_addr = 0, .memory_size = kMemory, .userspace_addr = reinterpret_cast<uint64_t>(memory)};
  ioctl(machine.get(), KVM_SET_TSS_ADDR, 0xfffbd000);
  if (ioctl(machine.get(), KVM_SET_USER_MEMORY_REGION, &region) != 0) return say("memory cannot be given to a guest");
  UniqueFd cpu(ioctl(machine.get(), KVM_CREATE_VCPU, 0));
  if (!cpu) return say("a virtual CPU cannot be made");
  int size = ioctl(kvm.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
  void* state = size > 0 ? mmap(nullptr, static_cast<size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, cpu.get(), 0) : MAP_FAILED;
  if (state == MAP_FAILED) return say("the state of a virtual CPU cannot be seen");
  if (int failed = set_registers(kvm.get(), cpu.get())) return failed;
  return run_guest(cpu.get(), static_cast<const kvm_run*>(state));
}

}  // namespace
#else
namespace {
int probe() {
  fputs("KVM is only used on x86_64\n", stderr);
  return 1;
}
}  // namespace
#endif

extern const Applet forkkvm_applet = {
    .name = "forkkvm",
    .flags = kHidden | kEarly,
    .summary = "Run a small guest in KVM; fail saying why it did not run",
    .run = [](const Args&) { return probe(); },
};
