// Files that are rendered into an instance when it is created, copied, renamed or started.
#pragma once
#include "instance/object.h"
#include "sys/idmap.h"

namespace instance {

/// Renders the templates whose `when` names `trigger` ("create", "copy", "rename", "start") into the mounted root file system.
/// `map`: how the files on disk are owned (empty: as inside). Paths can't leave the root. Errors: invalid (a broken template).
Result<> apply_templates(const Context& ctx, const InstancePtr& instance, const std::string& trigger, const sys::IdMap& map);

/// Renders them for a guest that puts them in place itself: as `<template>.out` into the open folder `target`. Errors as above.
Result<> render_templates(const Context& ctx, const InstancePtr& instance, const std::string& trigger, int target);

}  // namespace instance
