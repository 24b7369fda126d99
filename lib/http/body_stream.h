// The body of a large request, read blocking by the worker that handles it. Only for .cpp files of this folder.
#pragma once
#include "http/connection.h"
#include "http/stream.h"
#include "sys/splice.h"

namespace http {

/// Valid while its request is being handled; the connection waits meanwhile and touches nothing.
class BodyStream final : public Stream {
 public:
  explicit BodyStream(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  Result<size_t> read(const Context& ctx, std::span<char> buffer) override;
  Result<> write(const Context&, std::string_view) override { return fail(Code::internal, "The body of a request cannot be written"); }
  Result<> shutdown_write() override { return {}; }
  void close() override {}
  /// See http::receive_file().
  Result<uint64_t> receive_file(const Context& ctx, int file, uint64_t most);
  void relay(int fd, std::function<void()> done) override;
  /// The handler returned: nothing may be read any more.
  void detach() { connection_.reset(); }

 private:
  Result<> refill(const Context& ctx, size_t wanted);
  /// What can go past this process: not what was read already.
  Result<uint64_t> move_to_file(const Context& ctx, int file, uint64_t most);
  std::shared_ptr<Connection> connection_;
  std::optional<sys::SplicePipe> pipe_;
};

}  // namespace http
