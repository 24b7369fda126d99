// Blocks of a squashfs image, read and decompressed by several threads before they are wanted.
#pragma once
#include <functional>
#include <memory>
#include <string_view>

#include "archive/libsquashfs.h"

namespace archive {

/// Used by one thread, who says what comes next and takes it in the same order or not at all. Threads begin with the first request and end with it.
class SquashfsBlocks {
 public:
  struct Block;
  /// What was asked for; it stays in memory as long as this.
  using Handle = std::shared_ptr<Block>;
  /// Makes a decompressor; each thread has its own.
  using MakeCompressor = std::function<Result<Sqfs<sqfs_compressor_t>>()>;

  /// `fd` stays open by the caller. `block_size`: bytes, the most that a block unpacks to.
  SquashfsBlocks(int fd, size_t block_size, MakeCompressor make);
  ~SquashfsBlocks();
  SquashfsBlocks(const SquashfsBlocks&) = delete;
  SquashfsBlocks& operator=(const SquashfsBlocks&) = delete;

  /// Starts reading the block of `size` bytes (as the image says it: with the bit of those that are not compressed) at `offset`. Does not block.
  Handle request(uint64_t offset, uint32_t size);
  /// Its content, valid as long as the handle. Blocks until it is there. Errors: invalid (damaged), internal (disk).
  Result<std::string_view> wait(const Handle& block);
  /// May more be asked for, or does enough wait already?
  bool room() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archive
