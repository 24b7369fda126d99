#include "image/build.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "api/architecture.h"
#include "archive/remove_tree.h"
#include "core/gate.h"
#include "imagefmt/image_file.h"

namespace image {

namespace {
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
  build->metadata_ = TRY(create_file(build->metadata_path()));
  return build;
}

Build::~Build() { (void)archive::remove_tree(Context(), folder_); }

Result<> Build::open_rootfs() {
  rootfs_ = TRY(create_file(rootfs_path()));
  return {};
}

Result<> Build::count(size_t bytes) {
  size_ += static_cast<int64_t>(bytes);
  if (budget_ && size_ > *budget_) return fail(Code::too_large, "The image is larger than what the project's quota leaves");
  return {};
}

Result<> Build::put(UniqueFd& fd, std::string_view data) {
  hash_.update(data);
  TRY(count(data.size()));
  return archive::sink_to_fd(fd.get())(data);
}

Result<> Build::write_rootfs(std::string_view data) {
  if (!rootfs_) TRY(open_rootfs());
  return put(rootfs_, data);
}

archive::Sink Build::sink() {
  return [this](std::string_view data) { return write(data); };
}
archive::Sink Build::rootfs_sink() {
  return [this](std::string_view data) { return write_rootfs(data); };
}

const std::string& Build::fingerprint() {
  if (fingerprint_.empty()) fingerprint_ = hash_.hex();
  return fingerprint_;
}

Result<> Build::hash_files() {
  hash_ = archive::Hash();
  size_ = 0;
  std::vector<char> buffer(1 << 20);
  for (int fd : {metadata_.get(), rootfs_.get()}) {
    if (fd < 0) continue;
    auto source = archive::source_from_file(fd);
    while (size_t got = TRY(source(buffer))) {
      hash_.update({buffer.data(), got});
      TRY(count(got));
    }
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
