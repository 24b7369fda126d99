#include "archive/hash_behind.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "archive/hash.h"
#include "archive/stream.h"

namespace archive {

namespace {
// Small enough to be in the processor's cache still when it is hashed.
constexpr size_t kPiece = 128 << 10;

struct Range {
  int file;
  int64_t offset, count;
};
}  // namespace

struct HashBehind::Impl {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Range> ranges;
  bool ended = false, abandoned = false;
  std::thread thread;
  // The thread's until it ended:
  Hash hash;
  std::vector<char> buffer = std::vector<char>(kPiece);
  Result<> outcome;

  void run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return ended || abandoned || !ranges.empty(); });
      if (abandoned || ranges.empty()) return;
      Range range = ranges.front();
      ranges.pop_front();
      lock.unlock();
      if (outcome) outcome = take(range);
      lock.lock();
    }
  }

  Result<> take(const Range& range) {
    Source source = source_from_file(range.file, range.offset);
    for (int64_t left = range.count; left > 0;) {
      size_t got = TRY(source(std::span(buffer).first(std::min<size_t>(buffer.size(), static_cast<size_t>(left)))));
      if (got == 0) return fail(Code::internal, "A file became shorter while it was read back");
      hash.update({buffer.data(), got});
      left -= static_cast<int64_t>(got);
    }
    return {};
  }

  void stop(bool& flag) {
    {
      std::lock_guard lock(mutex);
      flag = true;
    }
    changed.notify_one();
    if (thread.joinable()) thread.join();
  }
};

HashBehind::HashBehind() : impl_(std::make_unique<Impl>()) {}
HashBehind::~HashBehind() { impl_->stop(impl_->abandoned); }

void HashBehind::add(int file, int64_t offset, int64_t count) {
  {
    std::lock_guard lock(impl_->mutex);
    std::deque<Range>& ranges = impl_->ranges;
    bool follows = !ranges.empty() && ranges.back().file == file && ranges.back().offset + ranges.back().count == offset;
    if (follows) ranges.back().count += count;
    else ranges.push_back({file, offset, count});
  }
  if (!impl_->thread.joinable()) impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
  impl_->changed.notify_one();
}

Result<std::string> HashBehind::finish() {
  impl_->stop(impl_->ended);
  TRY(std::move(impl_->outcome));
  return impl_->hash.hex();
}

}  // namespace archive
