#include "archive/folder_queue.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

namespace archive {

Result<std::vector<FolderEntry>> read_folder(int fd) {
  std::vector<FolderEntry> out;
  thread_local std::vector<char> buffer(64 << 10);
  for (;;) {
    long got = syscall(SYS_getdents64, fd, buffer.data(), buffer.size());
    if (got < 0) return fail_errno("Cannot list folder");
    if (got == 0) return out;
    for (long at = 0; at < got;) {
      // SAFETY: the kernel fills the buffer with linux_dirent64 records, which glibc's dirent64 equals.
      auto* record = reinterpret_cast<dirent64*>(buffer.data() + at);
      at += record->d_reclen;
      std::string_view name = record->d_name;
      if (name != "." && name != "..") out.push_back({std::string(name), record->d_type});
    }
  }
}

}  // namespace archive
