// Layers into one tar of the root file system, read twice and never unpacked: first to learn what is there in the end, then to copy it.
#pragma once
#include <string>
#include <vector>

#include "archive/tar_writer.h"
#include "base/context.h"
#include "base/unique_fd.h"
#include "oci/tree.h"

namespace oci {

/// One layer's file, and what its content must hash to without compression ("sha256:…"; "" where the image doesn't say).
struct LayerFile {
  UniqueFd fd;
  std::string diff_id;
};

/// Files of the root file system that the runtime configuration is made with; "" where there is none.
struct Accounts {
  std::string passwd, group;
};

/// Writes the root file system that `layers` (lowest first) make to `out`, members named from "" on.
/// Errors: invalid (damaged or hostile layer, wrong diff_id), internal. Blocks for long; honours ctx.
Result<Accounts> flatten(const Context& ctx, const std::vector<LayerFile>& layers, archive::TarWriter& out, const TreeLimits& limits = {});

}  // namespace oci
