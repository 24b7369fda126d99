// squashfs as a TarWriter: file contents go to the library's block processor at once, the tree is kept and written at the end.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <thread>

#include "archive/libsquashfs.h"
#include "archive/squashfs.h"
#include "archive/squashfs_tree.h"

namespace archive {

namespace {

constexpr size_t kDeviceBlock = 4096;  ///< what the image's size is rounded up to
constexpr size_t kChunk = 1 << 20;

struct Method {
  Compression method;
  SQFS_COMPRESSOR id;
};
constexpr Method kMethods[] = {{Compression::xz, SQFS_COMP_XZ}, {Compression::gzip, SQFS_COMP_GZIP}, {Compression::zstd, SQFS_COMP_ZSTD}, {Compression::lz4, SQFS_COMP_LZ4}};

using DoBlock = sqfs_s32 (*)(sqfs_compressor_t*, const sqfs_u8*, sqfs_u32, sqfs_u8*, sqfs_u32);
std::atomic<DoBlock> lz4_block;

/// The library's LZ4 also returns what became longer by it. Other readers refuse such blocks: 0 stands for "store it as it is".
sqfs_s32 shorter_lz4(sqfs_compressor_t* compressor, const sqfs_u8* in, sqfs_u32 size, sqfs_u8* out, sqfs_u32 room) {
  sqfs_s32 made = lz4_block.load()(compressor, in, size, out, room);
  return made > 0 && static_cast<sqfs_u32>(made) >= size ? 0 : made;
}

Result<Sqfs<sqfs_compressor_t>> make_compressor(const SquashfsOptions& options, SQFS_COMPRESSOR id, uint16_t flags) {
  sqfs_compressor_config_t config;
  int bad = sqfs_compressor_config_init(&config, id, options.block_size, flags);
  if (!bad && options.level > 0 && (id == SQFS_COMP_GZIP || id == SQFS_COMP_ZSTD)) config.level = static_cast<sqfs_u32>(options.level);
  sqfs_compressor_t* compressor = nullptr;
  if (!bad) bad = sqfs_compressor_create(&config, &compressor);
  if (bad) return sqfs_failure(Code::unsupported, "This squashfs compression isn't available", bad);
  if (id == SQFS_COMP_LZ4 && !(flags & SQFS_COMP_FLAG_UNCOMPRESS)) lz4_block = std::exchange(compressor->do_block, shorter_lz4);
  return Sqfs<sqfs_compressor_t>(compressor);
}

class SquashfsWriter final : public TarWriter {
 public:
  SquashfsWriter(int fd, const SquashfsOptions& options) : options_(options), file_(fd) {}
  ~SquashfsWriter() override = default;

  Result<> open() {
    SQFS_COMPRESSOR id{};
    for (const Method& row : kMethods) {
      if (row.method == options_.method) id = row.id;
    }
    if (id == 0) return fail(Code::unsupported, "squashfs images can't be compressed that way");
    compressor_ = TRY(make_compressor(options_, id, 0));
    uncompressor_ = TRY(make_compressor(options_, id, SQFS_COMP_FLAG_UNCOMPRESS));
    int bad = sqfs_super_init(&super_, options_.block_size, static_cast<sqfs_u32>(options_.time), id);
    if (!bad) bad = sqfs_super_write(&super_, &file_.base);
    if (bad) return sqfs_failure(Code::internal, "Cannot start the squashfs image", bad);
    int written = compressor_->write_options(compressor_.get(), &file_.base);
    if (written < 0) return sqfs_failure(Code::internal, "Cannot write the squashfs image", written);
    if (written > 0) super_.flags |= SQFS_FLAG_COMPRESSOR_OPTIONS;
    return start_blocks();
  }

  Result<> add(const Entry& entry, std::string_view content = "") override {
    SquashfsNode* node = TRY(place(entry));
    if (entry.type != Entry::Type::file) return {};
    return store(*node, [&](const Sink& sink) { return sink(content); });
  }

  Result<> add_file(const Context& ctx, const Entry& entry, int fd, bool) override {
    SquashfsNode* node = TRY(place(entry));
    return store(*node, [&](const Sink& sink) -> Result<> {
      std::vector<char> buffer(kChunk);
      Source source = source_from_fd(fd);
      // A file that grows meanwhile is cut where it ended when it was looked at.
      for (int64_t left = entry.size; left > 0;) {
        TRY(ctx.check());
        size_t got = TRY(source(std::span(buffer).first(std::min<size_t>(buffer.size(), static_cast<size_t>(left)))));
        if (got == 0) break;
        TRY(sink({buffer.data(), got}));
        left -= static_cast<int64_t>(got);
      }
      return {};
    });
  }

  Result<> add_from(const Context& ctx, const Entry& entry, TarReader& tar) override {
    SquashfsNode* node = TRY(place(entry));
    return store(*node, [&](const Sink& sink) -> Result<> {
      const std::string zeros(kChunk, '\0');
      int64_t done = 0;
      auto skip_to = [&](int64_t offset) -> Result<> {
        for (; done < offset; done += static_cast<int64_t>(std::min<size_t>(kChunk, static_cast<size_t>(offset - done)))) {
          TRY(sink(std::string_view(zeros).substr(0, static_cast<size_t>(offset - done))));
        }
        return {};
      };
      while (auto block = TRY(tar.read_block())) {
        TRY(ctx.check());
        TRY(skip_to(block->offset));
        TRY(sink(block->data));
        done = block->offset + static_cast<int64_t>(block->data.size());
      }
      return skip_to(entry.size);
    });
  }

  Result<> finish() override {
    if (int bad = sqfs_block_processor_finish(blocks_.get())) return sqfs_failure(Code::internal, "Cannot write the squashfs image", bad);
    SquashfsTables tables{file_.base, super_, *compressor_, *fragments_, *xattrs_};
    TRY(tree_.write(tables));
    super_.bytes_used = file_.size;
    if (int bad = sqfs_super_write(&super_, &file_.base)) return sqfs_failure(Code::internal, "Cannot write the squashfs image", bad);
    uint64_t padded = (file_.size + kDeviceBlock - 1) / kDeviceBlock * kDeviceBlock;
    return ftruncate(file_.fd, static_cast<off_t>(padded)) == 0 ? Result<>() : fail_errno("Cannot write the squashfs image");
  }

 private:
  SquashfsOptions options_;
  SqfsFdFile file_;
  sqfs_super_t super_{};
  SquashfsTree tree_;  // before the processor, which writes into its nodes until the end
  Sqfs<sqfs_compressor_t> compressor_, uncompressor_;
  Sqfs<sqfs_xattr_writer_t> xattrs_;
  Sqfs<sqfs_frag_table_t> fragments_;
  Sqfs<sqfs_block_writer_t> writer_;
  Sqfs<sqfs_block_processor_t> blocks_;

  Result<> start_blocks() {
    xattrs_.reset(sqfs_xattr_writer_create(0));
    fragments_.reset(sqfs_frag_table_create(0));
    writer_.reset(sqfs_block_writer_create(&file_.base, kDeviceBlock, 0));
    if (!xattrs_ || !fragments_ || !writer_) return fail(Code::internal, "Out of memory");
    unsigned workers = std::max(1U, std::thread::hardware_concurrency());
    sqfs_block_processor_desc_t wanted{};
    wanted.size = sizeof wanted;
    wanted.max_block_size = options_.block_size;
    wanted.num_workers = workers;
    wanted.max_backlog = workers * 8;
    wanted.cmp = compressor_.get();
    wanted.wr = writer_.get();
    wanted.tbl = fragments_.get();
    wanted.file = &file_.base;
    wanted.uncmp = uncompressor_.get();
    sqfs_block_processor_t* blocks = nullptr;
    if (int bad = sqfs_block_processor_create_ex(&wanted, &blocks)) return sqfs_failure(Code::internal, "Cannot start the squashfs image", bad);
    blocks_.reset(blocks);
    return {};
  }

  Result<SquashfsNode*> place(const Entry& entry) {
    SquashfsNode* node = TRY(tree_.add(entry));
    if (entry.type == Entry::Type::hardlink || entry.xattrs.empty()) return node;
    if (int bad = sqfs_xattr_writer_begin(xattrs_.get(), 0)) return sqfs_failure(Code::internal, "Cannot write attributes", bad);
    for (const auto& [key, value] : entry.xattrs) {
      int bad = sqfs_xattr_writer_add(xattrs_.get(), key.c_str(), value.data(), value.size());
      if (bad && bad != SQFS_ERROR_UNSUPPORTED) return sqfs_failure(Code::internal, "Cannot write attributes", bad);
    }
    if (int bad = sqfs_xattr_writer_end(xattrs_.get(), &node->xattrs)) return sqfs_failure(Code::internal, "Cannot write attributes", bad);
    return node;
  }

  Result<> store(SquashfsNode& node, const std::function<Result<>(const Sink&)>& content) {
    if (node.inode) return fail(Code::invalid, "{} is in the archive twice", node.entry.path);
    if (int bad = sqfs_block_processor_begin_file(blocks_.get(), &node.inode, nullptr, 0)) return sqfs_failure(Code::internal, "Cannot write the squashfs image", bad);
    TRY(content([&](std::string_view data) -> Result<> {
      int bad = data.empty() ? 0 : sqfs_block_processor_append(blocks_.get(), data.data(), data.size());
      return bad ? sqfs_failure(Code::internal, "Cannot write the squashfs image", bad) : Result<>();
    }));
    if (int bad = sqfs_block_processor_end_file(blocks_.get())) return sqfs_failure(Code::internal, "Cannot write the squashfs image", bad);
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<TarWriter>> create_squashfs(int fd, const SquashfsOptions& options) {
  auto writer = std::make_unique<SquashfsWriter>(fd, options);
  TRY(writer->open());
  return writer;
}

Result<std::unique_ptr<TarWriter>> create_archive(int fd, Sink sink, const CompressionChoice& choice, int64_t time) {
  if (choice.method != Compression::squashfs) return TarWriter::create(std::move(sink), choice);
  SquashfsOptions options;
  options.time = time;
  return create_squashfs(fd, options);
}

}  // namespace archive
