// Images that the client brings here.
#pragma once
#include "base/context.h"
#include "imagefmt/image_file.h"

namespace builder {

/// `incus image export` of the client's image `name` ("web", "server:web") into the folder `folder`, which is made. Errors: invalid. Blocks for long.
Result<imagefmt::Files> export_image(const Context& ctx, const std::string& name, const std::string& folder);

}  // namespace builder
