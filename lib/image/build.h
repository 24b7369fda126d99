// An image being made: files in a hidden folder that become an image only when everything about them is known to be right.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "archive/hash_behind.h"
#include "archive/stream.h"
#include "base/unique_fd.h"
#include "db/images.h"
#include "image/store.h"

namespace http {
class Stream;
}

namespace image {

/// Receives the one or two files of an image, hashing while they are written. What is not finished disappears with the object.
class Build {
 public:
  /// `project`: whose image it will be; more than its limits.disk leaves is refused while it comes in.
  static Result<std::unique_ptr<Build>> create(Store& store, const std::string& project);
  ~Build();
  Build(const Build&) = delete;
  Build& operator=(const Build&) = delete;

  /// Adds bytes to the whole (or metadata) file. Errors: internal (disk full), too_large (quota).
  Result<> write(std::string_view data) { return put(metadata_, data); }
  /// The rest of a request's body as the whole (or metadata) file. Blocks. Errors: as write(), and the connection's.
  Result<> receive(const Context& ctx, http::Stream& body);
  /// Adds bytes to the root file system's file: after all of the metadata, as the fingerprint covers both in that order.
  Result<> write_rootfs(std::string_view data);
  archive::Sink sink();
  archive::Sink rootfs_sink();

  int64_t size() const { return size_; }
  bool split() const { return static_cast<bool>(rootfs_.fd); }
  int metadata_fd() const { return metadata_.fd.get(); }
  int rootfs_fd() const { return rootfs_.fd.get(); }
  std::string metadata_path() const { return folder_ + "/metadata"; }
  std::string rootfs_path() const { return folder_ + "/rootfs"; }
  std::string scratch_path(const std::string& name) const { return folder_ + "/" + name; }
  Result<> open_rootfs();
  /// Waits for the hash and ends it: nothing is written after it. Empty if the files can't be read back.
  const std::string& fingerprint();
  /// Names the image by something else than the hash of its files: what they are made of. Before fingerprint().
  void name_by(std::string fingerprint) { fingerprint_ = std::move(fingerprint); }
  /// Where the files were made by a program, not through write(): reads and hashes them.
  Result<> hash_files();

  /// Reads metadata.yaml and fills type, architecture, dates, properties, size and fingerprint of `row`.
  Result<> describe(const Context& ctx, db::images::Row& row);
  /// Moves the files to their place. The fingerprint's lock must be held.
  Result<> install();

 private:
  explicit Build(std::string folder, std::string images) : folder_(std::move(folder)), images_(std::move(images)) {}
  struct File {
    UniqueFd fd;
    int64_t size = 0;
  };
  Result<> put(File& file, std::string_view data);
  /// So many bytes were added to the file: to the hash, and to the size, against the budget.
  Result<> added(File& file, int64_t bytes);

  std::string folder_, images_;
  File metadata_, rootfs_;
  std::unique_ptr<archive::HashBehind> hash_ = std::make_unique<archive::HashBehind>();  ///< ends before the files are closed
  std::string fingerprint_;
  int64_t size_ = 0;
  std::optional<int64_t> budget_;  ///< bytes; nothing: no limit
};

}  // namespace image
