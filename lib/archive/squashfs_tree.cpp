#include "archive/squashfs_tree.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/strings.h"

namespace archive {

namespace {

constexpr uint32_t kNoXattr = 0xffffffff;

uint16_t type_bits(Entry::Type type) {
  switch (type) {
    case Entry::Type::directory: return S_IFDIR;
    case Entry::Type::symlink: return S_IFLNK;
    case Entry::Type::character: return S_IFCHR;
    case Entry::Type::block: return S_IFBLK;
    case Entry::Type::fifo: return S_IFIFO;
    default: return S_IFREG;
  }
}

uint32_t device_number(dev_t device) { return ((major(device) & 0xfff) << 8) | (minor(device) & 0xff) | ((minor(device) & 0xfff00) << 12); }

/// Writes the tree: first what is no folder, then the folders from the leaves up, since each names the places of what it holds.
class TreeWriter {
 public:
  explicit TreeWriter(SquashfsTables& tables) : tables_(tables) {}

  Result<> run(SquashfsNode& root) {
    inodes_.reset(sqfs_meta_writer_create(&tables_.file, &tables_.compressor, 0));
    folder_meta_.reset(sqfs_meta_writer_create(&tables_.file, &tables_.compressor, SQFS_META_WRITER_KEEP_IN_MEMORY));
    ids_.reset(sqfs_id_table_create(0));
    if (!inodes_ || !folder_meta_ || !ids_) return fail(Code::internal, "Out of memory");
    folders_.reset(sqfs_dir_writer_create(folder_meta_.get(), SQFS_DIR_WRITER_CREATE_EXPORT_TABLE));
    if (!folders_) return fail(Code::internal, "Out of memory");
    number_files(root);
    number_folders(root);
    tables_.super.inode_count = count_;
    tables_.super.inode_table_start = tables_.file.get_size(&tables_.file);
    TRY(write_files(root));
    TRY(write_folder(root, count_ + 1));
    tables_.super.root_inode_ref = root.reference;
    return write_tables(root);
  }

 private:
  SquashfsTables& tables_;
  Sqfs<sqfs_meta_writer_t> inodes_, folder_meta_;
  Sqfs<sqfs_id_table_t> ids_;
  Sqfs<sqfs_dir_writer_t> folders_;  // after the meta writer it writes to
  uint32_t count_ = 0;

  static bool is_folder(const SquashfsNode& node) { return node.entry.type == Entry::Type::directory; }
  static Result<> check(int result) { return result < 0 ? Result<>(sqfs_failure(Code::internal, "Cannot write the squashfs image", result)) : Result<>(); }

  void number_files(SquashfsNode& folder) {
    for (auto& [name, node] : folder.children) {
      if (is_folder(*node)) number_files(*node);
      else if (!node->target) node->number = ++count_;
    }
  }

  void number_folders(SquashfsNode& folder) {
    for (auto& [name, node] : folder.children) {
      if (is_folder(*node)) number_folders(*node);
    }
    folder.number = ++count_;
  }

  Result<> write_files(SquashfsNode& folder) {
    for (auto& [name, node] : folder.children) {
      if (is_folder(*node)) TRY(write_files(*node));
      else if (!node->target) TRY(write_file(*node));
    }
    return {};
  }

  Result<> write_file(SquashfsNode& node) {
    if (node.entry.type != Entry::Type::file) TRY(make_inode(node));
    if (!node.inode) return fail(Code::internal, "The content of {} is missing", node.entry.path);
    sqfs_inode_generic_t& inode = *node.inode;
    if (node.xattrs != kNoXattr) TRY(check(sqfs_inode_set_xattr_index(&inode, node.xattrs)));
    if (node.entry.type == Entry::Type::file && node.links > 1) {
      TRY(check(sqfs_inode_make_extended(&inode)));
      inode.data.file_ext.nlink = node.links;
    } else if (node.entry.type == Entry::Type::file && node.xattrs == kNoXattr) {
      TRY(check(sqfs_inode_make_basic(&inode)));
    }
    return put(node, inode);
  }

  /// For links, devices and pipes, which the block processor knows nothing of.
  static Result<> make_inode(SquashfsNode& node) {
    const std::string& link = node.entry.link;
    bool symlink = node.entry.type == Entry::Type::symlink;
    size_t payload = symlink ? link.size() : 0;
    auto* inode = static_cast<sqfs_inode_generic_t*>(calloc(1, sizeof(sqfs_inode_generic_t) + payload + 1));
    if (!inode) return fail(Code::internal, "Out of memory");
    node.inode = inode;
    switch (node.entry.type) {
      case Entry::Type::symlink:
        inode->base.type = SQFS_INODE_SLINK;
        inode->data.slink.nlink = node.links;
        inode->data.slink.target_size = static_cast<sqfs_u32>(payload);
        inode->payload_bytes_available = inode->payload_bytes_used = static_cast<sqfs_u32>(payload);
        memcpy(inode->extra, link.data(), payload);
        break;
      case Entry::Type::fifo:
        inode->base.type = SQFS_INODE_FIFO;
        inode->data.ipc.nlink = node.links;
        break;
      default:
        inode->base.type = node.entry.type == Entry::Type::block ? SQFS_INODE_BDEV : SQFS_INODE_CDEV;
        inode->data.dev.nlink = node.links;
        inode->data.dev.devno = device_number(node.entry.device);
    }
    return {};
  }

  Result<> write_folder(SquashfsNode& folder, uint32_t parent) {
    uint32_t links = 2;
    for (auto& [name, node] : folder.children) {
      if (!is_folder(*node)) continue;
      TRY(write_folder(*node, folder.number));
      ++links;
    }
    TRY(check(sqfs_dir_writer_begin(folders_.get(), 0)));
    for (auto& [name, node] : folder.children) {
      const SquashfsNode& real = node->target ? *node->target : *node;
      TRY(check(sqfs_dir_writer_add_entry(folders_.get(), name.c_str(), real.number, real.reference, static_cast<sqfs_u16>(type_bits(real.entry.type) | real.entry.mode))));
    }
    TRY(check(sqfs_dir_writer_end(folders_.get())));
    SqfsMemory<sqfs_inode_generic_t> inode(sqfs_dir_writer_create_inode(folders_.get(), 0, folder.xattrs, parent));
    if (!inode) return fail(Code::internal, "Out of memory");
    if (inode->base.type == SQFS_INODE_DIR) inode->data.dir.nlink = links;
    else inode->data.dir_ext.nlink = links;
    return put(folder, *inode);
  }

  Result<> put(SquashfsNode& node, sqfs_inode_generic_t& inode) {
    inode.base.mode = static_cast<sqfs_u16>(type_bits(node.entry.type) | (node.entry.mode & 07777));
    inode.base.mod_time = node.entry.mtime.tv_sec < 0 ? 0 : static_cast<sqfs_u32>(std::min<int64_t>(node.entry.mtime.tv_sec, UINT32_MAX));
    inode.base.inode_number = node.number;
    TRY(check(sqfs_id_table_id_to_index(ids_.get(), node.entry.uid, &inode.base.uid_idx)));
    TRY(check(sqfs_id_table_id_to_index(ids_.get(), node.entry.gid, &inode.base.gid_idx)));
    sqfs_u64 block = 0;
    sqfs_u32 offset = 0;
    sqfs_meta_writer_get_position(inodes_.get(), &block, &offset);
    node.reference = (block << 16) | offset;
    return check(sqfs_meta_writer_write_inode(inodes_.get(), &inode));
  }

  Result<> write_tables(const SquashfsNode& root) {
    TRY(check(sqfs_meta_writer_flush(inodes_.get())));
    TRY(check(sqfs_meta_writer_flush(folder_meta_.get())));
    tables_.super.directory_table_start = tables_.file.get_size(&tables_.file);
    TRY(check(sqfs_meta_write_write_to_file(folder_meta_.get())));
    TRY(check(sqfs_frag_table_write(&tables_.fragments, &tables_.file, &tables_.super, &tables_.compressor)));
    TRY(check(sqfs_dir_writer_write_export_table(folders_.get(), &tables_.file, &tables_.compressor, root.number, root.reference, &tables_.super)));
    TRY(check(sqfs_id_table_write(ids_.get(), &tables_.file, &tables_.super, &tables_.compressor)));
    return check(sqfs_xattr_writer_flush(&tables_.xattrs, &tables_.file, &tables_.super, &tables_.compressor));
  }
};

Entry plain_folder(const std::string& path) {
  Entry entry;
  entry.type = Entry::Type::directory;
  entry.path = path;
  entry.mode = 0755;
  return entry;
}

/// The names on the way to a member: "./a//b" -> a, b.
StringList names_of(std::string_view path) {
  StringList names = split(path, '/');
  std::erase_if(names, [](const std::string& name) { return name.empty() || name == "."; });
  return names;
}

}  // namespace

SquashfsTree::SquashfsTree() { root_.entry = plain_folder(""); }

Result<> SquashfsTree::write(SquashfsTables& tables) { return TreeWriter(tables).run(root_); }

Result<SquashfsNode*> SquashfsTree::add(const Entry& entry) {
  SquashfsNode* folder = &root_;
  StringList parts = names_of(entry.path);
  if (parts.empty() && entry.type == Entry::Type::directory) {
    root_.entry = entry;
    return &root_;
  }
  if (parts.empty()) return fail(Code::invalid, "A file without a name");
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    auto& child = folder->children[parts[i]];
    if (!child) child = std::make_unique<SquashfsNode>(plain_folder(parts[i]));
    if (child->entry.type != Entry::Type::directory) return fail(Code::invalid, "{} is below a file", entry.path);
    folder = child.get();
  }
  auto& node = folder->children[parts.back()];
  if (node && (node->entry.type != Entry::Type::directory || entry.type != Entry::Type::directory)) return fail(Code::invalid, "{} is in the archive twice", entry.path);
  if (!node) node = std::make_unique<SquashfsNode>();
  node->entry = entry;
  node->entry.xattrs.clear();
  if (entry.type != Entry::Type::hardlink) return node.get();
  SquashfsNode* target = &root_;
  for (const std::string& part : names_of(entry.link)) {
    auto found = target->children.find(part);
    if (found == target->children.end()) return fail(Code::invalid, "{} links to {}, which is not in the archive", entry.path, entry.link);
    target = found->second.get();
  }
  if (target->target) target = target->target;
  if (target == node.get() || target->entry.type == Entry::Type::directory) return fail(Code::invalid, "{} can't link to {}", entry.path, entry.link);
  node->target = target;
  ++target->links;
  return node.get();
}

}  // namespace archive
