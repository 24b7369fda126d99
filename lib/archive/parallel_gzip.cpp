// gzip (RFC 1952) on several processors: the input is cut into blocks, each a member of its own; readers join members by definition.
#include <zlib.h>

#include <deque>
#include <future>

#include "archive/tar_writer.h"

namespace archive {

namespace {

// Large enough that starting anew costs well under one percent of size.
constexpr size_t kBlock = 1 << 20;

Result<std::string> compress_block(const std::string& input, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return fail(Code::internal, "Cannot start gzip");
  std::string out(deflateBound(&stream, input.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return fail(Code::internal, "gzip failed");
  return out;
}

}  // namespace

struct ParallelGzip::Impl {
  Sink out;
  int level;
  size_t most = std::max(2u, std::thread::hardware_concurrency()) + 1;
  std::string block;
  std::deque<std::future<Result<std::string>>> running;
  bool any = false;

  Result<> start() {
    any = true;
    if (running.size() >= most) TRY(drain_one());
    running.push_back(std::async(std::launch::async, [input = std::move(block), level = level] { return compress_block(input, level); }));
    block = std::string();
    block.reserve(kBlock);
    return {};
  }
  Result<> drain_one() {
    Result<std::string> done = running.front().get();
    running.pop_front();
    if (!done) return Failure(done.error());
    return out(*done);
  }
};

ParallelGzip::ParallelGzip(Sink out, int level) : impl_(std::make_unique<Impl>()) {
  impl_->out = std::move(out);
  impl_->level = level < 1 ? 6 : level;
}
ParallelGzip::~ParallelGzip() = default;

Result<> ParallelGzip::write(std::string_view data) {
  while (!data.empty()) {
    size_t room = kBlock - impl_->block.size();
    impl_->block += data.substr(0, room);
    data.remove_prefix(std::min(room, data.size()));
    if (impl_->block.size() == kBlock) TRY(impl_->start());
  }
  return {};
}

Result<> ParallelGzip::finish() {
  if (!impl_->block.empty() || !impl_->any) TRY(impl_->start());
  while (!impl_->running.empty()) TRY(impl_->drain_one());
  return {};
}

}  // namespace archive
