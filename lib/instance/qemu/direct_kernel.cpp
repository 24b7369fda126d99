#include "instance/qemu/direct_kernel.h"

#include <sys/stat.h>
#include <unistd.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include <algorithm>
#include <thread>

#include "base/context.h"
#include "base/strings.h"
#include "sys/beneath.h"

namespace instance::qemu {
namespace {

constexpr size_t kMaxCommandLine = 2047;  ///< what Linux takes on x86

/// Empty if there is none.
Result<UniqueFd> open_file(int volume, const char* name) {
  auto fd = sys::open_beneath(volume, std::string("boot/") + name, O_RDONLY | O_NONBLOCK);
  if (!fd && fd.error().code() == Code::not_found) return UniqueFd();
  struct stat info;
  if (!fd || fstat(fd->get(), &info) != 0 || !S_ISREG(info.st_mode)) return fail(Code::invalid, "boot/{} of the image is not a plain file", name);
  return fd;
}

}  // namespace

Result<KernelSpec> direct_kernel(const std::string& volume) {
  UniqueFd folder = TRY(sys::open_directory(volume));
  UniqueFd kernel = TRY(open_file(folder.get(), "linux")), initrd = TRY(open_file(folder.get(), "initrd")), words = TRY(open_file(folder.get(), "cmdline"));
  if (!kernel) return fail(Code::invalid, "This image carries no kernel in boot/linux, which qemu.machine=microvm starts: leave that key out");
  KernelSpec out{.kernel = volume + "/boot/linux", .initrd = initrd ? volume + "/boot/initrd" : "", .command_line = ""};
  if (!words) return out;
  std::string text(kMaxCommandLine + 1, '\0');
  ssize_t size = read(words.get(), text.data(), text.size());
  if (size < 0) return fail_errno("Failed reading boot/cmdline of the image");
  text.resize(static_cast<size_t>(size));
  if (text.size() > kMaxCommandLine || text.contains('\0')) return fail(Code::invalid, "boot/cmdline of the image is no command line of a kernel");
  out.command_line = trim(text);
  return out;
}

std::string emulated_clock() {
#ifdef __x86_64__
  static const uint64_t kSpeed = [] {
    auto start = Clock::now();
    uint64_t before = __rdtsc();
    std::this_thread::sleep_for(milliseconds(20));
    uint64_t ticks = __rdtsc() - before;
    auto passed = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
    return ticks * 1'000'000 / static_cast<uint64_t>(std::max<int64_t>(passed, 1));
  }();
  return std::format(" tsc_early_khz={}", kSpeed);
#else
  return "";
#endif
}

}  // namespace instance::qemu
