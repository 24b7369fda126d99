#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace {

constexpr int kArenas = 2;                 // by default every thread may get its own 64 MiB arena: mostly waste for short-lived workers
constexpr int kLargeBuffer = 256 << 10;    // from here on buffers are mappings of their own
constexpr int kKeptAtTheTop = 512 << 10;   // of the heap; more is given back as soon as it is free

/// Drops the pages of one segment that the kernel can read back from the file: what is never written. Relocated data is not among them.
void drop_clean(const ElfW(Phdr)& segment, uintptr_t base) {
  if (segment.p_type != PT_LOAD || segment.p_flags & PF_W) return;
  uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  uintptr_t start = (base + segment.p_vaddr + page - 1) / page * page, end = (base + segment.p_vaddr + segment.p_filesz) / page * page;
  // SAFETY: a private file mapping without changes: the next access faults the same bytes in again.
  if (start < end) madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
}

int visit(dl_phdr_info* info, size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; ++i) drop_clean(info->dlpi_phdr[i], info->dlpi_addr);
  return 1;  // only the first: the program itself
}

}  // namespace

void tune_malloc() {
  mallopt(M_ARENA_MAX, kArenas);
  mallopt(M_MMAP_THRESHOLD, kLargeBuffer);
  mallopt(M_TRIM_THRESHOLD, kKeptAtTheTop);
}

void release_free_memory() { malloc_trim(0); }

void release_clean_memory() { dl_iterate_phdr(visit, nullptr); }
