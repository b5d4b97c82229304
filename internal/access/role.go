package access

import (
	"slices"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
)

// Role is as what somebody works with the platform. The values are those that row-level security reads.
type Role string

// The roles.
const (
	Resident      Role = "resident"      // 居民
	Assistant     Role = "assistant"     // 村级协理员
	Officer       Role = "officer"       // 镇街经办
	Decider       Role = "decider"       // 镇街审批
	Supervisor    Role = "supervisor"    // 县级监管
	Department    Role = "department"    // 部门
	Administrator Role = "administrator" // 市级管理
	Inspector     Role = "inspector"     // 纪检监察
	Hotline       Role = "hotline"       // 12345
	Organisation  Role = "organisation"  // 社会组织
)

// roleFacts is what holds of a role.
type roleFacts struct {
	zh, en       string
	levels       []area.Level // of the area of a posting in it
	department   bool         // a posting names the department
	outside      bool         // not of the administration's staff
	secondFactor bool         // nobody acts in it without one
}

var roleTable = map[Role]roleFacts{
	Resident:      {zh: "居民", en: "resident", levels: []area.Level{area.Village}, outside: true},
	Assistant:     {zh: "村级协理员", en: "village assistant", levels: []area.Level{area.Village}},
	Officer:       {zh: "镇街经办", en: "township officer", levels: []area.Level{area.Township}},
	Decider:       {zh: "镇街审批", en: "township decider", levels: []area.Level{area.Township}, secondFactor: true},
	Supervisor:    {zh: "县级监管", en: "county supervisor", levels: []area.Level{area.County}, secondFactor: true},
	Department:    {zh: "部门经办", en: "department officer", levels: []area.Level{area.Township, area.County, area.City}, department: true},
	Administrator: {zh: "管理员", en: "administrator", levels: []area.Level{area.County, area.City}, secondFactor: true},
	Inspector:     {zh: "纪检监察", en: "discipline inspector", levels: []area.Level{area.County, area.City}, secondFactor: true},
	Hotline:       {zh: "热线话务员", en: "hotline operator", levels: []area.Level{area.County, area.City}},
	Organisation:  {zh: "社会组织", en: "social organisation", levels: []area.Level{area.Township, area.County, area.City}, outside: true},
}

// Roles are all roles, in the order of their names.
func Roles() []Role {
	all := make([]Role, 0, len(roleTable))
	for r := range roleTable {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}

// ParseRole reads a role's value.
func ParseRole(s string) (Role, bool) {
	_, ok := roleTable[Role(s)]
	return Role(s), ok
}

// Name is what the role is called.
func (r Role) Name(lang fault.Lang) string { return lang.Say(roleTable[r].zh, roleTable[r].en) }

// NeedsDepartment reports whether a posting in the role names a department.
func (r Role) NeedsDepartment() bool { return roleTable[r].department }

// NeedsSecondFactor reports whether nobody acts in the role without a second factor.
func (r Role) NeedsSecondFactor() bool { return roleTable[r].secondFactor }

// WorksAt reports whether the role has postings at areas of that level.
func (r Role) WorksAt(level area.Level) bool { return slices.Contains(roleTable[r].levels, level) }

// isStaff reports whether the role is of the administration's own people.
func (r Role) isStaff() bool { return !roleTable[r].outside }
