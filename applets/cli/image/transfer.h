// `incus image import`, `export` and `copy`.
#pragma once
#include "applets/cli/call.h"

namespace cli {

Result<> import_image(Call& call);
Result<> export_image(Call& call);
Result<> copy_image(Call& call);

}  // namespace cli
