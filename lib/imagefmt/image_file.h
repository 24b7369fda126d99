// Image files: unified tarballs, or metadata plus a root file system; what is in them, and unpacking them into a volume.
#pragma once
#include <functional>
#include <string>

#include "api/types/image.h"
#include "base/context.h"

namespace imagefmt {

struct Inspected {
  api::ImageMetadata metadata;
  std::string type;  ///< "container", "virtual-machine", or "unknown" for a metadata tarball without a root file system
};
/// Looks into a (compressed) tarball or squashfs until it knows. Errors: invalid. Blocks.
Result<Inspected> inspect(const Context& ctx, const std::string& path);

/// An image on disk: `<path>`, and for split ones also `<path>.rootfs`.
struct Files {
  std::string metadata;  ///< or the whole image
  std::string rootfs;    ///< empty for unified images
};
/// Those of `folder`/`fingerprint` that exist.
Files files_of(const std::string& folder, const std::string& fingerprint);

/// Unpacks a container image into the empty folder `target`: metadata.yaml, templates/, rootfs/. Device nodes in rootfs/dev are left out.
/// `progress`: bytes of the image read, of how many. Errors: invalid (damaged or hostile), internal. Blocks.
Result<> unpack(const Context& ctx, const Files& files, int target, const std::function<void(int64_t, int64_t)>& progress = nullptr);

/// Unpacks a virtual machine's image into the empty folder `target`: metadata.yaml, templates/, and its qcow2 disk as the raw file `disk`, mode 0600.
/// `most_bytes`: refuses a larger disk before it is converted (0: any). Errors: those of unpack() and unpack_qcow2(). Blocks.
Result<> unpack_disk(const Context& ctx, const Files& files, int target, const std::string& disk, int64_t most_bytes,
                     const std::function<void(int64_t, int64_t)>& progress = nullptr);

}  // namespace imagefmt
