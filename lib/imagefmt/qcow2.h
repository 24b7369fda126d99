// What the header of a qcow2 file says, judged before any other program opens it: images come from strangers (QEMU's docs/interop/qcow2.rst).
#pragma once
#include <cstdint>
#include <span>

#include "base/result.h"

namespace imagefmt {

struct Qcow2 {
  int version = 0;
  int64_t virtual_size = 0;  ///< bytes of the disk
  int64_t cluster_size = 0;  ///< bytes
};

/// Bytes a disk of an image may have: what ext4 lets a file have. A larger one could not be converted anyway.
inline constexpr int64_t kMaxDisk = int64_t{16} << 40;

/// Is there a qcow2 file's magic number at the beginning?
bool is_qcow2(std::span<const char> head);
/// `head`: the first bytes of the file, kQcow2Head of them or all; `file_size` in bytes. Errors: invalid, saying what is wrong: damaged, encrypted, larger
/// than kMaxDisk, or not whole by itself (a backing file or an external data file, which could name any file of the host).
Result<Qcow2> check_qcow2(std::span<const char> head, int64_t file_size);
/// The same, of an open file. Errors: also internal (reading).
Result<Qcow2> check_qcow2(int fd);
inline constexpr size_t kQcow2Head = 64 << 10;

}  // namespace imagefmt
