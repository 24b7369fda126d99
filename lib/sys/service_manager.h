// What a service tells its manager: sd_notify(3).
#pragma once
#include <string>

namespace sys {

/// "READY=1", "STOPPING=1"; nothing happens without a manager.
void notify_service_manager(const std::string& state);

}  // namespace sys
