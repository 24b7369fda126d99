// libFuzzer target: squashfs images from strangers, read to their end.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#include "archive/squashfs.h"
#include "base/unique_fd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  UniqueFd fd(memfd_create("squashfs", MFD_CLOEXEC));
  if (!fd || pwrite(fd.get(), data, size, 0) != static_cast<ssize_t>(size)) return 0;
  auto tar = archive::open_squashfs(fd.get());
  if (!tar) return 0;
  int64_t bytes = 0;
  while (auto entry = (*tar)->next()) {
    if (!*entry) break;
    for (;;) {
      auto block = (*tar)->read_block();
      if (!block || !*block || (bytes += static_cast<int64_t>((*block)->data.size())) > (64 << 20)) return 0;
    }
  }
  return 0;
}
