#include "archive/squashfs_blocks.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "archive/stream.h"

namespace archive {

namespace {

constexpr size_t kAhead = 16 << 20;  ///< bytes of unpacked blocks that may wait
constexpr unsigned kMostThreads = 8;
constexpr uint32_t kStored = 1 << 24;  ///< in a block's size: it is not compressed

/// Memory of blocks that were taken, for the next ones: new memory costs a page fault for each page.
struct Spare {
  std::mutex mutex;
  std::vector<std::unique_ptr<char[]>> free;
  std::atomic<size_t> out = 0;  ///< blocks that are asked for and not given back
};

}  // namespace

struct SquashfsBlocks::Block {
  std::shared_ptr<Spare> spare;
  uint64_t offset;
  uint32_t size;
  std::unique_ptr<char[]> data;
  size_t length = 0;
  bool done = false;
  Result<> outcome;

  Block(std::shared_ptr<Spare> shared, uint64_t at, uint32_t bytes) : spare(std::move(shared)), offset(at), size(bytes) { spare->out++; }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    spare->out--;
    std::lock_guard lock(spare->mutex);
    if (data) spare->free.push_back(std::move(data));
  }
};

struct SquashfsBlocks::Impl {
  int fd;
  size_t block_size;
  MakeCompressor make;
  std::shared_ptr<Spare> spare = std::make_shared<Spare>();
  std::mutex mutex;
  std::condition_variable wanted, finished;
  std::deque<Handle> queue;
  bool ended = false;
  std::vector<std::thread> threads;

  void run() {
    auto compressor = make();
    std::vector<char> packed(block_size);
    std::unique_lock lock(mutex);
    for (;;) {
      wanted.wait(lock, [&] { return ended || !queue.empty(); });
      if (ended) return;
      Handle block = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      Result<> outcome;
      if (compressor) outcome = read(*block, **compressor, packed);
      else outcome = Failure(compressor.error());
      lock.lock();
      block->outcome = std::move(outcome);
      block->done = true;
      finished.notify_one();
    }
  }

  void give_memory(Block& block) {
    {
      std::lock_guard lock(spare->mutex);
      if (!spare->free.empty()) {
        block.data = std::move(spare->free.back());
        spare->free.pop_back();
        return;
      }
    }
    block.data = std::make_unique_for_overwrite<char[]>(block_size);
  }

  Result<> read(Block& block, sqfs_compressor_t& compressor, std::vector<char>& packed) {
    size_t size = block.size & (kStored - 1);
    bool stored = block.size & kStored;
    if (size > block_size) return fail(Code::invalid, "a block of it is too large");
    give_memory(block);
    std::span<char> place(stored ? block.data.get() : packed.data(), size);
    Source source = source_from_file(fd, static_cast<int64_t>(block.offset));
    for (size_t done = 0; done < size;) {
      size_t got = TRY(source(place.subspan(done)));
      if (got == 0) return fail(Code::invalid, "the image is cut off");
      done += got;
    }
    block.length = size;
    if (stored) return {};
    // SAFETY: bytes are bytes; the library calls them unsigned.
    sqfs_s32 made = compressor.do_block(&compressor, reinterpret_cast<const sqfs_u8*>(packed.data()), static_cast<sqfs_u32>(size), reinterpret_cast<sqfs_u8*>(block.data.get()),
                                        static_cast<sqfs_u32>(block_size));
    if (made <= 0) return fail(Code::invalid, "a block can't be decompressed");
    block.length = static_cast<size_t>(made);
    return {};
  }
};

SquashfsBlocks::SquashfsBlocks(int fd, size_t block_size, MakeCompressor make) : impl_(std::make_unique<Impl>()) {
  impl_->fd = fd;
  impl_->block_size = block_size;
  impl_->make = std::move(make);
}

SquashfsBlocks::~SquashfsBlocks() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->ended = true;
  }
  impl_->wanted.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

SquashfsBlocks::Handle SquashfsBlocks::request(uint64_t offset, uint32_t size) {
  auto block = std::make_shared<Block>(impl_->spare, offset, size);
  {
    std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back(block);
  }
  impl_->wanted.notify_one();
  // One more thread for each block until there are enough: a small image needs no crowd.
  if (impl_->threads.size() < std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads)) impl_->threads.emplace_back([impl = impl_.get()] { impl->run(); });
  return block;
}

Result<std::string_view> SquashfsBlocks::wait(const Handle& block) {
  std::unique_lock lock(impl_->mutex);
  impl_->finished.wait(lock, [&] { return block->done; });
  if (!block->outcome) return Failure(block->outcome.error());
  return std::string_view(block->data.get(), block->length);
}

bool SquashfsBlocks::room() const { return impl_->spare->out * impl_->block_size < kAhead; }

}  // namespace archive
