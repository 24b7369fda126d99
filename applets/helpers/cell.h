// A sandbox for programs that read disks which strangers made, or serve them to strangers.
#pragma once
#include <cstdint>
#include <span>

#include "base/result.h"

namespace cell {

struct CellFile {
  int fd;            ///< where it is open
  const char* path;  ///< where the program finds it: "/source"
  bool writable = false;
};

/// For good, and for what is executed next: a root folder with these files and the system's programs and libraries, all else read-only; no network, no
/// capabilities, no new sockets, no other process to trace or to start; 1 GiB of addresses; files of `most_bytes` at most (0: any). Ends with its parent.
/// Single-threaded callers only. Errors: internal; the process must end then.
Result<> enter_cell(std::span<const CellFile> files, int64_t most_bytes);

}  // namespace cell
