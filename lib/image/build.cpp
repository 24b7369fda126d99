#include "image/build.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "api/architecture.h"
#include "archive/remove_tree.h"
#include "core/gate.h"
#include "http/receive_file.h"
#include "imagefmt/image_file.h"

namespace image {

namespace {
constexpr uint64_t kPiece = 1 << 20;

Result<UniqueFd> create_file(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) return fail_errno("Failed to create " + path);
  return fd;
}
}  // namespace

Result<std::unique_ptr<Build>> Build::create(Store& store, const std::string& project) {
  auto budget = TRY(store.services().global.read([&](db::Tx& tx) { return core::gate::image_space_budget(tx, project); }));
  std::string name = store.folder() + "/incus_build_XXXXXX";
  if (!mkdtemp(name.data())) return fail_errno("Failed to create a folder in " + store.folder());
  std::unique_ptr<Build> build(new Build(name, store.folder()));
  build->budget_ = budget;
  build->metadata_.fd = TRY(create_file(build->metadata_path()));
  return build;
}

Build::~Build() { (void)archive::remove_tree(Context(), folder_); }

Result<> Build::open_rootfs() {
  rootfs_.fd = TRY(create_file(rootfs_path()));
  return {};
}

Result<> Build::added(File& file, int64_t bytes) {
  hash_->add(file.fd.get(), file.size, bytes);
  file.size += bytes;
  size_ += bytes;
  if (budget_ && size_ > *budget_) return fail(Code::too_large, "The image is larger than what the project's quota leaves");
  return {};
}

Result<> Build::put(File& file, std::string_view data) {
  TRY(archive::sink_to_fd(file.fd.get())(data));
  return added(file, static_cast<int64_t>(data.size()));
}

Result<> Build::receive(const Context& ctx, http::Stream& body) {
  while (uint64_t got = TRY(http::receive_file(ctx, body, metadata_fd(), kPiece))) TRY(added(metadata_, static_cast<int64_t>(got)));
  return {};
}

Result<> Build::write_rootfs(std::string_view data) {
  if (!rootfs_.fd) TRY(open_rootfs());
  return put(rootfs_, data);
}

archive::Sink Build::sink() {
  return [this](std::string_view data) { return write(data); };
}
archive::Sink Build::rootfs_sink() {
  return [this](std::string_view data) { return write_rootfs(data); };
}

const std::string& Build::fingerprint() {
  if (fingerprint_.empty()) fingerprint_ = hash_->finish().value_or("");
  return fingerprint_;
}

Result<> Build::hash_files() {
  hash_ = std::make_unique<archive::HashBehind>();
  size_ = 0;
  for (File* file : {&metadata_, &rootfs_}) {
    struct stat info;
    if (!file->fd) continue;
    if (fstat(file->fd.get(), &info) != 0) return fail_errno("Failed looking at the image's files");
    file->size = 0;
    TRY(added(*file, info.st_size));
  }
  return {};
}

Result<> Build::describe(const Context& ctx, db::images::Row& row) {
  auto found = TRY(imagefmt::inspect(ctx, metadata_path()));
  if (!split()) {
    if (found.type == "unknown") return fail(Code::invalid, "The image has neither a rootfs folder nor a disk");
    row.type = *db::instance_type(found.type);
  }
  row.fingerprint = fingerprint();
  if (row.fingerprint.empty()) return fail(Code::internal, "The image's files can't be read back");
  row.size = size_;
  row.architecture = TRY(api::architecture_id(found.metadata.architecture));
  row.created_at = Timestamp::from_unix(found.metadata.creation_date);
  if (row.expires_at.is_zero() && found.metadata.expiry_date > 0) row.expires_at = Timestamp::from_unix(found.metadata.expiry_date);
  row.properties.insert(found.metadata.properties.begin(), found.metadata.properties.end());
  row.uploaded_at = Timestamp::now();
  return {};
}

Result<> Build::install() {
  std::string target = images_ + "/" + fingerprint();
  // The metadata goes last: an image is there when its main file is.
  if (split() && rename(rootfs_path().c_str(), (target + ".rootfs").c_str()) != 0) return fail_errno("Failed to store the image");
  if (rename(metadata_path().c_str(), target.c_str()) != 0) return fail_errno("Failed to store the image");
  return {};
}

}  // namespace image
