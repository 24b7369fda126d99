// libFuzzer target: disks that strangers made: headers of qcow2 files, and partition tables that are to be moved.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "base/unique_fd.h"
#include "imagefmt/gpt.h"
#include "imagefmt/qcow2.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  (void)imagefmt::check_qcow2({reinterpret_cast<const char*>(data), size}, static_cast<int64_t>(size));
  UniqueFd disk(memfd_create("disk", MFD_CLOEXEC));
  if (!disk || write(disk.get(), data, size) != static_cast<ssize_t>(size) || ftruncate(disk.get(), 1 << 20) != 0) return 0;
  (void)imagefmt::move_gpt_backup(disk.get());
  return 0;
}
