/** The directory of a path; that of a login is `.` */
export function above(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash > 0 ? path.slice(0, slash) : '/';
}

/** Where an object is, or would be. */
export function pathOf(root: string, key: string): string {
  return root === '/' ? `/${key}` : `${root}/${key}`;
}
