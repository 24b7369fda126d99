#include "archive/stream.h"

#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/write_all.h"

namespace archive {

Source source_from_fd(int fd) {
  return [fd](std::span<char> buffer) -> Result<size_t> {
    for (;;) {
      ssize_t got = read(fd, buffer.data(), buffer.size());
      if (got >= 0) return static_cast<size_t>(got);
      if (errno != EINTR) return fail_errno("Failed reading");
    }
  };
}

Source source_from_file(int fd, int64_t offset) {
  return [fd, offset](std::span<char> buffer) mutable -> Result<size_t> {
    for (;;) {
      ssize_t got = pread(fd, buffer.data(), buffer.size(), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return fail_errno("Failed reading");
      offset += got;
      return static_cast<size_t>(got);
    }
  };
}

Sink sink_to_fd(int fd) {
  return [fd](std::string_view data) -> Result<> {
    return write_all(fd, data) ? Result<>() : fail_errno("Failed writing");
  };
}

Source prepend(std::string prefix, Source rest) {
  return [prefix = std::move(prefix), rest = std::move(rest), at = size_t{0}](std::span<char> buffer) mutable -> Result<size_t> {
    if (at == prefix.size()) return rest(buffer);
    size_t count = prefix.copy(buffer.data(), buffer.size(), at);
    at += count;
    return count;
  };
}

struct Pipe::Impl {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> chunks;
  std::vector<std::string> spare;  ///< memory of chunks that were read: new memory costs a page fault for each page
  size_t waiting = 0, capacity = 0;
  bool ended = false, abandoned = false;
  Result<> outcome;
  std::string current;
  std::thread thread;

  std::string take_spare() {
    std::lock_guard lock(mutex);
    if (spare.empty()) return {};
    std::string chunk = std::move(spare.back());
    spare.pop_back();
    return chunk;
  }

  Result<> push(std::string_view data) {
    constexpr size_t kChunk = 256 << 10;
    while (!data.empty()) {
      std::string chunk = take_spare();
      chunk.assign(data.substr(0, kChunk));
      data.remove_prefix(chunk.size());
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return abandoned || waiting < capacity; });
      if (abandoned) return fail(Code::cancelled, "The reader went away");
      waiting += chunk.size();
      chunks.push_back(std::move(chunk));
      // Only who may be waiting is woken. Letting either work in longer turns measured slower: what is read then has left the processor's caches.
      if (chunks.size() == 1) changed.notify_one();
    }
    return {};
  }
};

Pipe::Pipe(std::function<Result<>(const Sink&)> produce, size_t capacity) : impl_(std::make_unique<Impl>()) {
  impl_->capacity = capacity;
  impl_->thread = std::thread([impl = impl_.get(), produce = std::move(produce)] {
    Result<> outcome = produce([impl](std::string_view data) { return impl->push(data); });
    std::lock_guard lock(impl->mutex);
    impl->outcome = std::move(outcome);
    impl->ended = true;
    impl->changed.notify_all();
  });
}

Pipe::~Pipe() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->abandoned = true;
    impl_->changed.notify_all();
  }
  impl_->thread.join();
}

Result<std::string_view> Pipe::next() {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->ended || !impl_->chunks.empty(); });
  if (impl_->chunks.empty()) {
    if (!impl_->outcome) return Failure(impl_->outcome.error());
    return std::string_view();
  }
  std::swap(impl_->current, impl_->chunks.front());
  impl_->spare.push_back(std::move(impl_->chunks.front()));
  impl_->chunks.pop_front();
  size_t before = std::exchange(impl_->waiting, impl_->waiting - impl_->current.size());
  if (before >= impl_->capacity && impl_->waiting < impl_->capacity) impl_->changed.notify_one();
  return std::string_view(impl_->current);
}

}  // namespace archive
