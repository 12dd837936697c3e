/** Live messages between parts of the server, by topic. Nothing is stored: who was not subscribed reads the log. */
export { type Bus, createBus } from './bus.ts';
