#include "storage/btrfs/loop.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <format>

namespace storage::btrfs {

Result<Loop> attach_loop(const std::string& file) {
  UniqueFd backing(open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!backing) return fail_errno("Cannot open " + file);
  UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return fail_errno("Cannot open /dev/loop-control");
  for (int attempt = 0; attempt < 64; ++attempt) {
    int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return fail_errno("No free loop device");
    Loop loop{std::format("/dev/loop{}", number), {}};
    // Without udev nobody makes the node of a new device.
    if (mknod(loop.path.c_str(), S_IFBLK | 0660, makedev(LOOP_MAJOR, number)) != 0 && errno != EEXIST) return fail_errno("Cannot create " + loop.path);
    loop.hold.reset(open(loop.path.c_str(), O_RDWR | O_CLOEXEC));
    if (!loop.hold) return fail_errno("Cannot open " + loop.path);
    loop_config config{};
    config.fd = static_cast<__u32>(backing.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    // SAFETY: the kernel reads one loop_config.
    if (ioctl(loop.hold.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    if (errno != EBUSY) return fail_errno("Cannot attach " + file);
  }
  return fail(Code::unavailable, "All loop devices are busy");
}

}  // namespace storage::btrfs
