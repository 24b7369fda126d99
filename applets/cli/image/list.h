// `incus image list`, `incus image alias list` and `incus image info`.
#pragma once
#include "applets/cli/call.h"

namespace cli {

Result<> list_images(Call& call);
Result<> list_image_aliases(Call& call);
Result<> show_image_info(Call& call);

}  // namespace cli
