// SHA-256 of files while others still write them: a thread reads behind the writer, out of the page cache.
#pragma once
#include <memory>

#include "base/result.h"

namespace archive {

/// One thread at a time uses it. Its own thread begins with the first add() and ends with finish() or the object.
class HashBehind {
 public:
  HashBehind();
  ~HashBehind();
  HashBehind(const HashBehind&) = delete;
  HashBehind& operator=(const HashBehind&) = delete;

  /// `count` bytes of `file` from `offset` on are written now. `file` stays open until the end; ranges are hashed in the order of the calls.
  void add(int file, int64_t offset, int64_t count);
  /// Waits for the rest; the digest in lower-case hex. Once. Errors: internal (a file can't be read back).
  Result<std::string> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace archive
