// Byte sources and sinks as plain functions, so that files, sockets and HTTP bodies look alike to archive code.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "base/context.h"

namespace archive {

/// Fills the buffer with up to its size; 0 at the end. Blocks.
using Source = std::function<Result<size_t>(std::span<char>)>;
/// Takes all of the bytes. Blocks.
using Sink = std::function<Result<>(std::string_view)>;

/// Reads from `fd` (kept open by the caller) at its current offset.
Source source_from_fd(int fd);
/// Reads from the file by offset, leaving the descriptor's own offset alone.
Source source_from_file(int fd, int64_t offset = 0);
Sink sink_to_fd(int fd);
/// Reads `prefix` first, then `rest`: to put bytes back that were looked at.
Source prepend(std::string prefix, Source rest);

/// A bounded buffer between two threads: `produce` runs in a thread of its own and what it writes is read here. Destruction stops it.
class Pipe {
 public:
  /// `capacity` bytes may wait. An error of `produce` is what the reader gets.
  Pipe(std::function<Result<>(const Sink&)> produce, size_t capacity = 4 << 20);
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  /// The next chunk, valid until the next call; empty at the end. Blocks.
  Result<std::string_view> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archive
