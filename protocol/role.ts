/** Roles in a session and what each may do; the only place that compares them. */
import * as z from 'zod';

const roles = ['viewer', 'commenter', 'editor', 'owner'] as const;
export const roleSchema = z.enum(roles);
export type Role = z.infer<typeof roleSchema>;

/** True when `role` is `least` or above it. */
export const isAtLeast = (role: Role, least: Role): boolean => roles.indexOf(role) >= roles.indexOf(least);
