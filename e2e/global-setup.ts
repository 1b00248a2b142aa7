import { startLab } from './lab';

/** One lab for all specs; a spec that needs an empty one starts its own with `startLab`. */
export default async function setUp(): Promise<() => Promise<void>> {
  const lab = await startLab();
  process.env.PERFLAB_URL = lab.url;
  process.env.PERFLAB_TARGET_URL = lab.targetUrl;
  return () => lab.stop();
}
