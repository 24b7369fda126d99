// `incus-image bundle`.
#pragma once
#include "applets/tools/tool.h"

namespace builder {

/// Writes a bundle (imagefmt/bundle.h) of this program, the images named and a preseed. Errors: invalid (no such image, a bad preseed), internal.
/// Blocks for long.
Result<> make_bundle(tools::Call& call);

}  // namespace builder
