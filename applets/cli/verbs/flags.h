// Flags that many commands share.
#pragma once
#include "applets/cli/command.h"
#include "applets/cli/table.h"

namespace cli {

inline constexpr Flag kPropertyFlag = {"property|p", FlagKind::boolean, "The keys are members of the object, not of its configuration"};
inline constexpr Flag kTargetFlag = {"target", FlagKind::text, "Name of the cluster member"};
inline constexpr Flag kDescriptionFlag = {"description", FlagKind::text, "A free text about it"};
inline constexpr Flag kAllProjectsFlag = {"all-projects", FlagKind::boolean, "From all projects"};
constexpr Flag columns_flag(std::string_view letters) { return {"columns|c", FlagKind::text, "Columns to show", letters}; }

inline constexpr Flag kPropertyFlags[] = {kPropertyFlag};
inline constexpr Flag kPropertyTargetFlags[] = {kPropertyFlag, kTargetFlag};
inline constexpr Flag kTargetFlags[] = {kTargetFlag};
inline constexpr Flag kDescriptionFlags[] = {kDescriptionFlag};
inline constexpr Flag kDescriptionTargetFlags[] = {kDescriptionFlag, kTargetFlag};
inline constexpr Flag kFormatFlags[] = {kFormatFlag};
inline constexpr Flag kFormatAllFlags[] = {kFormatFlag, kAllProjectsFlag};

}  // namespace cli
