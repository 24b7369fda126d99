// Commands of `incus image` that have files of their own.
#pragma once
#include "applets/cli/call.h"

namespace cli {

Result<> import_image(Call& call);
Result<> export_image(Call& call);
Result<> copy_image(Call& call);
Result<> generate_metadata(Call& call);
/// Asks what an image is and writes its metadata tarball (xz). Errors: internal (standard input ended, disk).
Result<> ask_metadata_file(const std::string& path);

}  // namespace cli
