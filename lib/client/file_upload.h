// Bodies of requests that are files: the kernel sends them by itself where the connection is not encrypted.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "client/client.h"
#include "http/transport.h"

namespace client {

/// Texts and files one after the other. As Upload::read it works everywhere; send_upload() looks for it there.
class FileUpload {
 public:
  FileUpload();
  void text(std::string value);
  /// `size` bytes from its current offset on, or (-1) all; not taken over. Errors: internal.
  Result<> file(int fd, int64_t size = -1);
  /// Called with the bytes sent so far.
  void on_progress(std::function<void(uint64_t done, uint64_t total)> tell);
  /// As the body of a request; the object can be forgotten then.
  Upload upload() const;

  Result<size_t> operator()(const Context& ctx, std::span<char> buffer) const;
  /// All of it. Blocks. Errors: those of the connection; invalid if a file became shorter.
  Result<> send(const Context& ctx, http::Transport& transport) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace client
