// The role that bundles play when they are executed.
#pragma once
#include "applets/applet.h"

extern const Applet rescue_applet;

namespace rescue {
/// Was something added to this program's own file?
bool self_is_bundle();
}  // namespace rescue
