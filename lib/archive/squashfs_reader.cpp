// squashfs as a TarReader: folders are walked with a stack, so that hostile depth and loops meet a limit and not the end of ours.
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "archive/libsquashfs.h"
#include "archive/squashfs.h"
#include "archive/squashfs_blocks.h"

namespace archive {

namespace {

constexpr size_t kMaxDepth = 512;
constexpr uint32_t kMaxXattrs = 1024;     ///< of one file
constexpr size_t kMaxLink = 64 << 10;     ///< bytes of a symbolic link
constexpr uint32_t kNoXattr = 0xffffffff, kNoFragment = 0xffffffff;
constexpr uint32_t kBlockSizeMask = (1 << 24) - 1;
constexpr size_t kAheadItems = 256, kAheadBytes = 4 << 20;  ///< members and blocks that may be planned; attributes that they may have

struct Kind {
  int basic;
  Entry::Type type;
};
constexpr Kind kKinds[] = {{SQFS_INODE_DIR, Entry::Type::directory}, {SQFS_INODE_FILE, Entry::Type::file},   {SQFS_INODE_SLINK, Entry::Type::symlink},
                           {SQFS_INODE_BDEV, Entry::Type::block},    {SQFS_INODE_CDEV, Entry::Type::character}, {SQFS_INODE_FIFO, Entry::Type::fifo}};
/// An extended inode's type is that of the basic one and this.
constexpr int kExtended = SQFS_INODE_EXT_DIR - SQFS_INODE_DIR;

Entry::Type type_of(const sqfs_inode_generic_t& inode) {
  for (const Kind& kind : kKinds) {
    if (inode.base.type == kind.basic || inode.base.type == kind.basic + kExtended) return kind.type;
  }
  return Entry::Type::other;
}

uint32_t link_count(const sqfs_inode_generic_t& inode) {
  switch (inode.base.type) {
    case SQFS_INODE_EXT_FILE: return inode.data.file_ext.nlink;
    case SQFS_INODE_SLINK:
    case SQFS_INODE_EXT_SLINK: return inode.data.slink.nlink;
    case SQFS_INODE_BDEV:
    case SQFS_INODE_CDEV:
    case SQFS_INODE_EXT_BDEV:
    case SQFS_INODE_EXT_CDEV: return inode.data.dev.nlink;
    default: return 1;
  }
}

/// The kernel's 32-bit form of a device number.
dev_t device_of(uint32_t number) { return makedev((number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfff00)); }

bool is_name(std::string_view name) { return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos; }

/// Goes through the tree ahead of its caller, so that the blocks that come next are being decompressed meanwhile.
class SquashfsReader final : public TarReader {
 public:
  explicit SquashfsReader(int fd) : file_(fd) {}

  Result<> open() {
    if (int bad = sqfs_super_read(&super_, &file_.base)) return sqfs_failure(Code::invalid, "Not a usable squashfs image", bad);
    // Each takes more than a byte in the file: a larger number would only make us ask for memory.
    if (super_.fragment_entry_count > file_.size || super_.inode_count > file_.size * 1024) return fail(Code::invalid, "The squashfs image is damaged");
    compressor_ = TRY(make_compressor());
    blocks_ = std::make_unique<SquashfsBlocks>(file_.fd, super_.block_size, [this] { return make_compressor(); });
    return load_tables();
  }

  Result<std::optional<Entry>> next() override {
    for (;;) {
      TRY(plan());
      if (planned_.empty()) return std::nullopt;
      Item item = pop();
      if (item.entry) return std::move(*item.entry);
    }
  }

  Result<std::optional<Block>> read_block() override {
    TRY(plan());
    if (planned_.empty() || planned_.front().entry) return std::nullopt;
    current_ = pop();
    auto data = blocks_->wait(current_.data);
    if (!data) return Failure(Error(data.error()).wrap("Cannot read a file's content in the squashfs image"));
    // All of a block that is the file's own, a part of one that several share.
    if (current_.length == 0) current_.length = data->size();
    if (data->empty() || current_.start > data->size() || current_.length > data->size() - current_.start || current_.at + static_cast<int64_t>(current_.length) > current_.size) {
      return fail(Code::invalid, "A file's content in the squashfs image doesn't fit its size");
    }
    return Block{current_.at, data->substr(current_.start, current_.length)};
  }

  Result<> drain() override { return {}; }

 private:
  struct Level {
    std::string path;
    Sqfs<sqfs_dir_reader_t> reader;
  };
  /// A member, or a part of the last one's content.
  struct Item {
    std::optional<Entry> entry;
    size_t bytes = 0;  ///< that its attributes take
    SquashfsBlocks::Handle data{};
    size_t start = 0, length = 0;  ///< what of the block it is; length 0: all
    int64_t at = 0, size = 0;      ///< where in the file, and how large that is
  };

  SqfsFdFile file_;
  sqfs_super_t super_{};
  Sqfs<sqfs_compressor_t> compressor_;
  Sqfs<sqfs_id_table_t> ids_;
  Sqfs<sqfs_xattr_reader_t> xattrs_;
  Sqfs<sqfs_frag_table_t> fragments_;
  std::unique_ptr<SquashfsBlocks> blocks_;
  std::deque<Item> planned_;
  size_t planned_bytes_ = 0;
  std::optional<Error> failed_;  ///< planning met an error: it is told once everything before it was taken
  Item current_;                 ///< what read_block() gave last
  uint32_t shared_number_ = 0;   ///< which fragment `shared_` is
  SquashfsBlocks::Handle shared_;
  std::vector<Level> levels_;
  std::set<uint32_t> folders_;             ///< numbers of those that were entered: a second time is a loop
  std::map<uint32_t, std::string> links_;  ///< where the files with several names are
  SqfsMemory<sqfs_inode_generic_t> inode_; ///< of the member that was planned last
  bool reading_ = false;                   ///< parts of its content are still to be planned
  size_t index_ = 0;                       ///< its next block
  int64_t offset_ = 0, size_ = 0;
  uint64_t place_ = 0;                     ///< of that block in the image

  static std::string quote_name(std::string_view name) { return std::string(name.substr(0, 64)); }
  static Failure damaged(int bad) { return sqfs_failure(Code::invalid, "Cannot read a file's content in the squashfs image", bad); }

  /// Called by each thread that unpacks, too.
  Result<Sqfs<sqfs_compressor_t>> make_compressor() {
    sqfs_compressor_config_t config;
    if (int bad = sqfs_compressor_config_init(&config, static_cast<SQFS_COMPRESSOR>(super_.compression_id), super_.block_size, SQFS_COMP_FLAG_UNCOMPRESS)) {
      return sqfs_failure(Code::invalid, "Unknown squashfs compression", bad);
    }
    sqfs_compressor_t* raw = nullptr;
    if (int bad = sqfs_compressor_create(&config, &raw)) return sqfs_failure(Code::unsupported, "The squashfs image's compression isn't supported", bad);
    Sqfs<sqfs_compressor_t> compressor(raw);
    if (super_.flags & SQFS_FLAG_COMPRESSOR_OPTIONS) {
      if (int bad = raw->read_options(raw, &file_.base); bad < 0) return sqfs_failure(Code::invalid, "Bad squashfs compression options", bad);
    }
    return compressor;
  }

  Item pop() {
    Item item = std::move(planned_.front());
    planned_.pop_front();
    planned_bytes_ -= item.bytes;
    return item;
  }

  /// As far ahead as is good. The error, once nothing else is left.
  Result<> plan() {
    while (!failed_ && (planned_.empty() || (planned_.size() < kAheadItems && planned_bytes_ < kAheadBytes && blocks_->room()))) {
      auto item = reading_ ? plan_content() : plan_member();
      if (!item) failed_ = item.error();
      else if (*item) {
        planned_bytes_ += (*item)->bytes;
        planned_.push_back(std::move(**item));
      } else if (!reading_ && levels_.empty()) {
        break;
      }
    }
    if (planned_.empty() && failed_) return Failure(*failed_);
    return {};
  }

  Result<std::optional<Item>> plan_member() {
    auto entry = TRY(next_entry());
    if (!entry) return std::nullopt;
    Item item{.entry = std::move(entry)};
    for (const auto& [key, value] : item.entry->xattrs) item.bytes += key.size() + value.size();
    item.bytes += item.entry->link.size();
    return item;
  }

  /// The next block of the file, or what is left in a block of many files' ends; nothing at the end.
  Result<std::optional<Item>> plan_content() {
    while (index_ < sqfs_inode_get_file_block_count(inode_.get())) {
      int64_t at = offset_;
      offset_ += std::min<int64_t>(super_.block_size, size_ - at);
      uint32_t size = inode_->extra[index_++];
      if ((size & kBlockSizeMask) == 0) continue;  // a hole
      Item item{.entry = {}, .data = blocks_->request(place_, size), .at = at, .size = size_};
      place_ += size & kBlockSizeMask;
      return item;
    }
    reading_ = false;
    if (offset_ >= size_) return std::nullopt;
    sqfs_u32 number = 0, start = 0;
    sqfs_fragment_t fragment{};
    if (int bad = sqfs_inode_get_frag_location(inode_.get(), &number, &start)) return damaged(bad);
    if (number == kNoFragment) return std::nullopt;
    if (int bad = sqfs_frag_table_lookup(fragments_.get(), number, &fragment)) return damaged(bad);
    if (!shared_ || shared_number_ != number) shared_ = blocks_->request(fragment.start_offset, fragment.size);
    shared_number_ = number;
    return Item{.entry = {}, .data = shared_, .start = start, .length = static_cast<size_t>(size_ - offset_), .at = offset_, .size = size_};
  }

  Result<std::optional<Entry>> next_entry() {
    while (!levels_.empty()) {
      sqfs_dir_entry_t* raw = nullptr;
      Level& level = levels_.back();
      int result = sqfs_dir_reader_read(level.reader.get(), &raw);
      SqfsMemory<sqfs_dir_entry_t> item(raw);
      if (result < 0) return sqfs_failure(Code::invalid, "Cannot read a folder of the squashfs image", result);
      if (result > 0) {
        levels_.pop_back();
        continue;
      }
      std::string name(reinterpret_cast<const char*>(item->name), size_t{item->size} + 1);
      if (!is_name(name)) return fail(Code::invalid, "The squashfs image has a file called {}", quote_name(name));
      sqfs_inode_generic_t* inode = nullptr;
      if (int bad = sqfs_dir_reader_get_inode(level.reader.get(), &inode)) return sqfs_failure(Code::invalid, "Cannot read a file of the squashfs image", bad);
      inode_.reset(inode);
      std::string path = level.path.empty() ? name : level.path + "/" + name;
      return TRY(enter(std::move(path)));
    }
    return std::nullopt;
  }

  Result<> load_tables() {
    ids_.reset(sqfs_id_table_create(0));
    fragments_.reset(sqfs_frag_table_create(0));
    if (!ids_ || !fragments_) return fail(Code::internal, "Out of memory");
    if (int bad = sqfs_id_table_read(ids_.get(), &file_.base, &super_, compressor_.get())) return sqfs_failure(Code::invalid, "Cannot read the squashfs image's owners", bad);
    if (int bad = sqfs_frag_table_read(fragments_.get(), &file_.base, &super_, compressor_.get())) return sqfs_failure(Code::invalid, "Cannot read the squashfs image's fragments", bad);
    if (!(super_.flags & SQFS_FLAG_NO_XATTRS)) {
      xattrs_.reset(sqfs_xattr_reader_create(0));
      if (!xattrs_) return fail(Code::internal, "Out of memory");
      if (int bad = sqfs_xattr_reader_load(xattrs_.get(), &super_, &file_.base, compressor_.get())) return sqfs_failure(Code::invalid, "Cannot read the squashfs image's attributes", bad);
    }
    sqfs_inode_generic_t* root = nullptr;
    Sqfs<sqfs_dir_reader_t> reader(sqfs_dir_reader_create(&super_, compressor_.get(), &file_.base, 0));
    if (!reader) return fail(Code::internal, "Out of memory");
    if (int bad = sqfs_dir_reader_get_root_inode(reader.get(), &root)) return sqfs_failure(Code::invalid, "Cannot read the squashfs image's root", bad);
    inode_.reset(root);
    return descend("", std::move(reader));
  }

  /// Into the folder that is the current member.
  Result<> descend(std::string path, Sqfs<sqfs_dir_reader_t> reader) {
    if (levels_.size() >= kMaxDepth) return fail(Code::invalid, "The squashfs image is nested too deeply");
    if (!folders_.insert(inode_->base.inode_number).second) return fail(Code::invalid, "The squashfs image has a folder in two places");
    if (!reader) reader.reset(sqfs_dir_reader_create(&super_, compressor_.get(), &file_.base, 0));
    if (!reader) return fail(Code::internal, "Out of memory");
    if (int bad = sqfs_dir_reader_open_dir(reader.get(), inode_.get(), 0)) return sqfs_failure(Code::invalid, "Cannot open a folder of the squashfs image", bad);
    levels_.push_back({std::move(path), std::move(reader)});
    return {};
  }

  Result<Entry> enter(std::string path) {
    Entry entry;
    entry.path = std::move(path);
    entry.type = type_of(*inode_);
    entry.mode = inode_->base.mode & 07777;
    entry.mtime.tv_sec = inode_->base.mod_time;
    sqfs_u32 uid = 0, gid = 0;
    if (sqfs_id_table_index_to_id(ids_.get(), inode_->base.uid_idx, &uid) != 0 || sqfs_id_table_index_to_id(ids_.get(), inode_->base.gid_idx, &gid) != 0) {
      return fail(Code::invalid, "The owner of {} is missing in the squashfs image", entry.path);
    }
    entry.uid = uid;
    entry.gid = gid;
    reading_ = false;
    if (entry.type != Entry::Type::directory && link_count(*inode_) > 1) {
      auto [first, added] = links_.emplace(inode_->base.inode_number, entry.path);
      if (!added) {
        entry.type = Entry::Type::hardlink;
        entry.link = first->second;
        return entry;
      }
    }
    entry.xattrs = TRY(read_xattrs(entry.path));
    TRY(fill(entry));
    return entry;
  }

  /// What only one type of file has.
  Result<> fill(Entry& entry) {
    if (entry.type == Entry::Type::directory) return descend(entry.path, nullptr);
    if (entry.type == Entry::Type::character || entry.type == Entry::Type::block) entry.device = device_of(inode_->data.dev.devno);
    if (entry.type == Entry::Type::symlink) {
      if (inode_->payload_bytes_used > kMaxLink) return fail(Code::invalid, "The link {} is too long", entry.path);
      entry.link.assign(reinterpret_cast<const char*>(inode_->extra), strnlen(reinterpret_cast<const char*>(inode_->extra), inode_->payload_bytes_used));
    }
    if (entry.type != Entry::Type::file) return {};
    sqfs_u64 size = 0;
    if (int bad = sqfs_inode_get_file_size(inode_.get(), &size)) return damaged(bad);
    if (size > static_cast<sqfs_u64>(INT64_MAX)) return fail(Code::invalid, "The size of {} is impossible", entry.path);
    if (int bad = sqfs_inode_get_file_block_start(inode_.get(), &place_)) return damaged(bad);
    entry.size = size_ = static_cast<int64_t>(size);
    reading_ = true;
    index_ = 0;
    offset_ = 0;
    return {};
  }

  Result<std::vector<std::pair<std::string, std::string>>> read_xattrs(const std::string& path) {
    std::vector<std::pair<std::string, std::string>> out;
    sqfs_u32 index = kNoXattr;
    if (!xattrs_ || sqfs_inode_get_xattr_index(inode_.get(), &index) != 0 || index == kNoXattr) return out;
    auto bad_attributes = [&] { return fail(Code::invalid, "The attributes of {} are damaged in the squashfs image", path); };
    sqfs_xattr_id_t description;
    if (sqfs_xattr_reader_get_desc(xattrs_.get(), index, &description) != 0 || description.count > kMaxXattrs) return bad_attributes();
    if (sqfs_xattr_reader_seek_kv(xattrs_.get(), &description) != 0) return bad_attributes();
    for (sqfs_u32 i = 0; i < description.count; ++i) {
      sqfs_xattr_entry_t* key = nullptr;
      sqfs_xattr_value_t* value = nullptr;
      if (sqfs_xattr_reader_read_key(xattrs_.get(), &key) != 0) return bad_attributes();
      SqfsMemory<sqfs_xattr_entry_t> held_key(key);
      if (sqfs_xattr_reader_read_value(xattrs_.get(), key, &value) != 0) return bad_attributes();
      SqfsMemory<sqfs_xattr_value_t> held_value(value);
      out.emplace_back(reinterpret_cast<const char*>(key->key), std::string(reinterpret_cast<const char*>(value->value), value->size));
    }
    return out;
  }
};

}  // namespace

Result<std::unique_ptr<TarReader>> open_squashfs(int fd) {
  auto reader = std::make_unique<SquashfsReader>(fd);
  TRY(reader->open());
  return reader;
}

Result<std::unique_ptr<TarReader>> open_archive(int fd, Source source) {
  char head[kDetectBytes] = {};
  ssize_t got = pread(fd, head, sizeof head, 0);
  if (got < 0) return fail_errno("Cannot read the archive");
  if (detect(std::string_view(head, static_cast<size_t>(got))) == Content::squashfs) return open_squashfs(fd);
  return TarReader::open(source ? std::move(source) : source_from_fd(fd));
}

}  // namespace archive
