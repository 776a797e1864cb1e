import { describeAdminMatrix } from './describe-admin-matrix.js';
import { allRows } from './rows/all-rows.js';

describeAdminMatrix('4.9.7', allRows);
